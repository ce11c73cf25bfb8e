"""Tests of the pages and the REST API over the real embedded adapters."""

"""Tests in Debian's Chromium."""

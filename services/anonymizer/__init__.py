"""Checks that a series can be processed and makes the package that leaves."""

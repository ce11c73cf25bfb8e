"""Benchmarks: timings printed, never asserted."""

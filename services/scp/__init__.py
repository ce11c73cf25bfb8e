"""Receives series by C-STORE and decides when they are complete."""

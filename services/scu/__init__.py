"""Sends derived series to their destinations: one delivery per destination, each with its own state."""

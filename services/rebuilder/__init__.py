"""Turns the server's answer into derived series, each slice from its own stored source slice."""

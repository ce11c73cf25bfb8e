"""Web UI and REST."""

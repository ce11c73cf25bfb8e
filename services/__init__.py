"""One folder per service; each runs by itself as ``python -m services.<name>``."""

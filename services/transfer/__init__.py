"""The client of the processing API."""

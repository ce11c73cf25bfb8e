"""Generators of series that no real data shows; each is made anew, nothing is kept in the repository."""

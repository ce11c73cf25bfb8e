"""PET: geometry, completeness, acquisition facts, the package and its numbers."""

"""DICOM at the level of encoded bytes: reading, editing, storing, sending."""

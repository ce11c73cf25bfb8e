"""Coded concepts that a derived series states (PS3.16, DCM)."""

from __future__ import annotations

from typing import Final

from petfectior.dicom import header

CODE_VALUE: Final = 0x00080100
CODING_SCHEME: Final = 0x00080102
CODE_MEANING: Final = 0x00080104

SMOOTHING: Final = (b"113087", b"Smoothing")
GAUSSIAN_BLUR: Final = (b"113088", b"Gaussian blur")
SOURCE_FOR_PROCESSING: Final = (b"121322", b"Source image for image processing operation")
PROCESSING_EQUIPMENT: Final = (b"109102", b"Processing Equipment")


def code(concept: tuple[bytes, bytes]) -> bytes:
    """Return the content of a code sequence item (PS3.3 8.8)."""
    value, meaning = concept
    return header.item(
        {
            CODE_VALUE: header.element(CODE_VALUE, b"SH", value),
            CODING_SCHEME: header.element(CODING_SCHEME, b"SH", b"DCM"),
            CODE_MEANING: header.element(CODE_MEANING, b"LO", meaning),
        }
    )

"""United Imaging: iterations (0018,9739), subsets (0018,9740), TOF (0018,9749 or private 0067,1021)."""

from __future__ import annotations

from typing import Final

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, filter_type, mentions, method

METHOD: Final = 0x00541103
KERNEL: Final = 0x00181210
ITERATIONS: Final = 0x00189739
SUBSETS: Final = 0x00189740
ALGORITHM: Final = 0x00189749
PRIVATE_METHOD: Final = 0x00671021


def reconstruction(header: Header) -> Recon:
    """Read the Enhanced PET attributes that this maker writes into classic images."""
    texts = " ".join(header_values.text(header, tag) for tag in (METHOD, ALGORITHM, PRIVATE_METHOD)).strip()
    return Recon(
        method=method(header),
        iterations=header_values.count(header, ITERATIONS),
        subsets=header_values.count(header, SUBSETS),
        filter_type=filter_type(header_values.text(header, KERNEL)),
        tof=mentions(texts, "TOF"),
        psf=mentions(texts, "PSF"),
    )

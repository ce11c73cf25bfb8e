"""GE: private group 0009 (creator GEMS_PETD_01) holds iterations, subsets, filter and its widths."""

from __future__ import annotations

from typing import Final

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, mentions, method

METHOD: Final = 0x00541103
CREATOR: Final = "GEMS_PETD_01"
STANDARD_BLOCK: Final = 0x00091000
ITERATIONS, SUBSETS, WIDTH, WIDTH_3D = 0xB2, 0xB3, 0xBB, 0xDC


def reconstruction(header: Header) -> Recon:
    """Read iterations (0009,xxB2), subsets (0009,xxB3) and width (0009,xxBB) or (0009,xxDC), mm."""
    stated = header_values.text(header, METHOD)
    block = _block(header)
    return Recon(
        method=method(header),
        iterations=header_values.count(header, block | ITERATIONS),
        subsets=header_values.count(header, block | SUBSETS),
        filter_width=header_values.positive(header, block | WIDTH)
        or header_values.positive(header, block | WIDTH_3D),
        tof=mentions(stated, "FX"),
        psf=mentions(stated, "VPHD-S", "VPFX-S", "VPFXS", "SHARP", "Q.CLEAR"),
    )


def _block(header: Header) -> int:
    """Return the private block of the creator (PS3.5 §7.8.1) as the tag's upper part."""
    for slot in range(0x10, 0x100):
        if header_values.text(header, 0x00090000 | slot) == CREATOR:
            return 0x00090000 | slot << 8
    return STANDARD_BLOCK

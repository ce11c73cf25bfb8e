"""Mediso: the method's text holds ``iNsM`` and the kernel."""

from __future__ import annotations

import re
from typing import Final

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, filter_type, mentions, method, whole, width

METHOD: Final = 0x00541103
_ROUNDS: Final = re.compile(r"i\s*(\d+)\s*s\s*(\d+)", re.IGNORECASE)
_WIDTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*mm", re.IGNORECASE)


def reconstruction(header: Header) -> Recon:
    """Read ``iNsM`` and the kernel out of ReconstructionMethod (0054,1103)."""
    stated = header_values.text(header, METHOD)
    rounds, size = _ROUNDS.search(stated), _WIDTH.search(stated)
    kind = filter_type(stated)
    return Recon(
        method=method(header),
        iterations=whole(rounds[1]) if rounds else None,
        subsets=whole(rounds[2]) if rounds else None,
        filter_type=None if kind == "other" else kind,
        filter_width=width(size[1]) if size else None,
        tof=mentions(stated, "TOF"),
        psf=mentions(stated, "PSF", "TERA-TOMO", "TERATOMO"),
    )

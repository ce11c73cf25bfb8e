"""SIEMENS and CPS: ReconstructionMethod holds ``PSF+TOF 3i21s``, ConvolutionKernel ``XYZ Gauss6.00``."""

from __future__ import annotations

import re
from typing import Final

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, filter_type, mentions, method, whole, width

METHOD: Final = 0x00541103
KERNEL: Final = 0x00181210
_ROUNDS: Final = re.compile(r"(\d+)\s*i\s*(\d+)\s*s", re.IGNORECASE)
_WIDTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:mm)?\s*$", re.IGNORECASE)


def reconstruction(header: Header) -> Recon:
    """Read iterations and subsets as ``NiMs`` and the width at the kernel's end (mm)."""
    stated, kernel = header_values.text(header, METHOD), header_values.text(header, KERNEL)
    rounds, size = _ROUNDS.search(stated), _WIDTH.search(kernel)
    return Recon(
        method=method(header),
        iterations=whole(rounds[1]) if rounds else None,
        subsets=whole(rounds[2]) if rounds else None,
        filter_type=filter_type(kernel),
        filter_width=width(size[1]) if size else None,
        tof=mentions(stated, "TOF", "ULTRAHD"),
        psf=mentions(stated, "PSF", "TRUEX", "ULTRAHD"),
    )

"""One small module per vendor: where each writes its reconstruction; none crashes on an odd value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon
from petfectior.pet.vendors import ge, mediso, philips, siemens, united_imaging, unknown

READERS: Final[dict[str, Callable[[Header], Recon]]] = {
    "Siemens": siemens.reconstruction,
    "GE": ge.reconstruction,
    "Philips": philips.reconstruction,
    "United Imaging": united_imaging.reconstruction,
    "Mediso": mediso.reconstruction,
}
"""Maker (of `petfectior.pet.scanners.MAKERS`) → its reader."""


def reconstruction(maker: str, header: Header) -> Recon:
    """Return how the image of `header` was reconstructed, as its maker writes it."""
    return READERS.get(maker, unknown.reconstruction)(header)

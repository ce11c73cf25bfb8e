"""Philips writes the method's name and no parameters."""

from __future__ import annotations

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, mentions, method


def reconstruction(header: Header) -> Recon:
    """Read ReconstructionMethod (0054,1103): BLOB-OS-TF is with time of flight."""
    stated = header_values.text(header, 0x00541103)
    return Recon(method=method(header), tof=mentions(stated, "TF", "TOF"))

"""Any other maker: only what the standard's own attributes say."""

from __future__ import annotations

from petfectior.pet import header_values
from petfectior.pet.header_values import Header
from petfectior.pet.reconstruction import Recon, filter_type, method


def reconstruction(header: Header) -> Recon:
    """Read ReconstructionMethod (0054,1103) and ConvolutionKernel (0018,1210)."""
    kernel = header_values.text(header, 0x00181210)
    return Recon(method=method(header), filter_type=filter_type(kernel))

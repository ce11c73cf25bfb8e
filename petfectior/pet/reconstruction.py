"""What the vendor readers return: how an image was reconstructed, in numbers and closed enumerations."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.pet import header_values
from petfectior.pet.header_values import Header


class Recon(BaseModel):
    """One reconstruction; None where the header does not tell.

    Parameters
    ----------
    method, filter_type
        Of `petfectior.pet.manifest.METHODS` and ``FILTERS``.
    filter_width
        Full width at half maximum of the post-filter in mm.
    """

    model_config = ConfigDict(frozen=True)

    method: str = "other"
    iterations: int | None = None
    subsets: int | None = None
    filter_type: str | None = None
    filter_width: float | None = None
    tof: bool | None = None
    psf: bool | None = None


LONGEST_NUMBER: Final = 6
"""Characters of a number within a text that is believed."""
_METHODS = {
    "FBP": ("FBP", "FILTERED BACK", "3DRP", "DIFT", "FORE-FBP"),
    "BPL": ("Q.CLEAR", "QCLEAR", "BSREM", "BPL"),
    "HYPER": ("HYPER",),
    "BLOB-OS": ("BLOB-OS", "BLOB OS"),
    "RAMLA": ("RAMLA",),
    "OSEM": (
        "OSEM",
        "OP-OSEM",
        "VPFX",
        "VUE POINT",
        "3D-IR",
        "3DIR",
        "PSF",
        "TRUEX",
        "TERATOMO",
        "TERA-TOMO",
    ),
    "MLEM": ("MLEM",),
}
_FILTERS = {
    "Gaussian": ("GAUSS",),
    "Butterworth": ("BUTTER",),
    "Hann": ("HANN",),
    "all-pass": ("ALL-PASS", "ALLPASS", "ALL PASS"),
}


def method(header: Header) -> str:
    """Return the method of ReconstructionMethod (0054,1103), of the published enumeration."""
    return _named(header_values.text(header, 0x00541103), _METHODS, "other")


def filter_type(text: str) -> str | None:
    """Return the kind of post-filter that a text names, or None if it is empty."""
    return _named(text, _FILTERS, "other") if text else None


def mentions(text: str, *words: str) -> bool | None:
    """Tell whether a text names one of `words`; None if there is no text."""
    return any(word in text.upper() for word in words) if text else None


def whole(digits: str) -> int | None:
    """Return a positive whole number that a text holds, or None if no reconstruction has so many rounds."""
    return int(digits) or None if len(digits) <= LONGEST_NUMBER else None


def width(digits: str) -> float | None:
    """Return a filter's width in mm that a text holds, or None if no filter is so wide."""
    return float(digits) or None if len(digits) <= LONGEST_NUMBER else None


def _named(text: str, table: dict[str, tuple[str, ...]], default: str) -> str:
    upper = text.upper()
    return next((name for name, words in table.items() if any(word in upper for word in words)), default)

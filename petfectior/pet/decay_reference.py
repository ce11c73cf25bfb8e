"""The moment that DecayCorrection START corrects to (PS3.3 C.8.9.1.1.7, QIBA FDG-PET/CT profile)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from petfectior.pet import header_values
from petfectior.pet.header_values import Header

GE: Final = (0x0009, "GEMS_PETD_01", 0x0D)


def of_start(header: Header, started: datetime | None) -> tuple[datetime | None, str]:
    """Return what the values are corrected to, and the code of the rule that says so.

    SeriesTime while it is not later than the first acquisition; else the series is post-processed: what GE
    stores counts, else the acquisition.

    Parameters
    ----------
    started
        Begin of the first acquisition.
    """
    series = series_began(header)
    if series is not None and (started is None or series <= started):
        return series, "suv-from-series-time"
    stored = header_values.moment_of(header_values.private_text(header, GE))
    if stored is not None:
        return stored, "suv-from-ge-time"
    return started, "suv-from-acquisition-time"


def series_began(header: Header) -> datetime | None:
    """Return SeriesDate and SeriesTime."""
    return header_values.moment(
        header_values.text(header, 0x00080021), header_values.text(header, 0x00080031)
    )

"""From the values of a series to standardised uptake values by body weight (SUVbw, g/ml).

Follows the QIBA FDG-PET/CT profile's vendor-neutral rules and what the vendors write: SeriesTime is the decay
reference unless it is later than the first acquisition (post-processed; GE then keeps the true one in
(0009,xx0D)), Philips' counts carry factors of their own, and a series in g/ml is SUV already. Where a fact is
missing there is no SUV and a reason, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from petfectior.pet import decay_reference, header_values, radionuclides
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.header_values import Header

UNITS, SUV_TYPE, CORRECTED = 0x00541001, 0x00541006, 0x00280051
PHILIPS_SUV: Final = (0x7053, "Philips PET Private Group", 0x00)
PHILIPS_ACTIVITY: Final = (0x7053, "Philips PET Private Group", 0x09)
GRAMS: Final = 1000.0


@dataclass(frozen=True)
class Scale:
    """What turns a value of the series, rescaled, into SUVbw.

    Parameters
    ----------
    factor
        SUVbw = factor x value; None if it cannot be computed.
    code
        Reason code: by which rule, or why not.
    """

    factor: float | None
    code: str


def scale(header: Header, told: Acquisition) -> Scale:
    """Return the scale of a series; never raises on a missing or odd value.

    Parameters
    ----------
    header
        One instance's header.
    told
        The series' acquisition, as `petfectior.pet.acquisition.read` returns it over all instances.
    """
    units = header_values.text(header, UNITS)
    if units == "GML":
        kind = header_values.text(header, SUV_TYPE)
        return Scale(1.0, "suv-stored") if kind in {"", "BW"} else Scale(None, "suv-other-kind")
    if units == "CNTS":
        return _of_counts(header, told)
    if units == "BQML":
        return _of_activity(header, told, 1.0)
    return Scale(None, "suv-units-unfit")


def _of_counts(header: Header, told: Acquisition) -> Scale:
    direct = _private(header, PHILIPS_SUV)
    if direct is not None:
        return Scale(direct, "suv-philips-factor")
    activity = _private(header, PHILIPS_ACTIVITY)
    return _of_activity(header, told, activity) if activity is not None else Scale(None, "suv-units-unfit")


def _of_activity(header: Header, told: Acquisition, becquerel: float) -> Scale:
    """Return weight / dose, the dose decayed to the moment that the values are corrected to."""
    if told.weight is None:
        return Scale(None, "suv-weight-missing")
    if told.dose is None:
        return Scale(None, "suv-dose-missing")
    corrections = _corrections(header)
    if corrections and "ATTN" not in corrections:
        return Scale(None, "suv-attenuation-uncorrected")
    if told.decay_correction == "ADMIN":
        return Scale(becquerel * told.weight * GRAMS / told.dose, "suv-from-administration")
    if told.decay_correction != "START":
        return Scale(None, "suv-decay-uncorrected")
    left, code = _left(header, told)
    return Scale(becquerel * told.weight * GRAMS / (told.dose * left) if left else None, code)


def _left(header: Header, told: Acquisition) -> tuple[float | None, str]:
    """Return the part of the dose that is left at the decay reference."""
    nuclide = radionuclides.BY_NAME.get(told.radionuclide or "")
    half_life = told.half_life or (nuclide.half_life if nuclide else None)
    reference, code = decay_reference.of_start(header, told.started)
    if told.injected is None or reference is None:
        return None, "suv-times-missing"
    if half_life is None:
        return None, "suv-half-life-missing"
    seconds = (reference - told.injected).total_seconds()
    if not 0 <= seconds <= 100 * half_life:
        return None, "suv-times-odd"
    return float(2.0 ** (-seconds / half_life)), code


def _corrections(header: Header) -> set[str]:
    value = header[CORRECTED].value if CORRECTED in header else None
    words = [value] if isinstance(value, str) else list(value or ())
    return {str(word).strip() for word in words}


def _private(header: Header, place: tuple[int, str, int]) -> float | None:
    try:
        value = float(header_values.private_text(header, place))
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None

"""Stored values and the slope that DICOM can write for them.

RescaleSlope is a DS: at most 16 characters (PS3.5 §6.2). Pixels are computed with the slope *as written*,
so what a reader computes back differs from the value by half a slope at most. Nothing is clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from petfectior.errors import Quarantined

DS_LENGTH: Final = 16
_MARGIN: Final = 1.0 + 1e-9
"""Widens a slope more than rounding to 16 characters can narrow it, so that no value overflows."""

Stored = NDArray[np.integer]
"""int16 or uint16."""


@dataclass(frozen=True)
class Rescaled:
    """Pixels as they are stored, with their slope.

    Parameters
    ----------
    stored
        int16 or uint16, the shape of the values.
    slope
        RescaleSlope as written, > 0; `RescaleIntercept` is 0.
    bound
        Largest possible error of a stored value, in the values' units: half a slope.
    error
        Largest error that occurred.
    """

    stored: Stored
    slope: str
    bound: float
    error: float


def as_ds(value: float) -> str:
    """Return the nearest decimal string of at most 16 characters; exact whenever one exists.

    Raises
    ------
    ValueError
        If `value` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError("not finite")
    exact = repr(float(value))
    if len(exact) <= DS_LENGTH:
        return exact
    texts = (f"{value:.{digits}g}" for digits in range(17, 0, -1))
    candidates = [text for text in texts if len(text) <= DS_LENGTH]
    return min(candidates, key=lambda text: abs(float(text) - value))


def survives(slope: float) -> bool:
    """Tell whether a slope is written in DS without any loss."""
    return math.isfinite(slope) and slope > 0 and float(as_ds(slope)) == slope


def keep(stored: Stored, slope: float) -> Rescaled:
    """Keep stored values that come with a slope.

    They pass unchanged. If the slope itself does not fit a DS, the nearest that does is written; the
    error that this makes is stated.

    Raises
    ------
    Quarantined
        If the slope is not a positive finite number.
    """
    if not (math.isfinite(slope) and slope > 0):
        raise Quarantined("result-slope-not-positive")
    written = as_ds(slope)
    if float(written) == slope:
        return Rescaled(stored, written, slope / 2, 0.0)
    largest = float(np.abs(stored.astype(np.int32)).max(initial=0))
    return Rescaled(stored, written, float(written) / 2, largest * abs(float(written) - slope))


def quantise(values: NDArray[np.floating], *, signed: bool) -> Rescaled:
    """Choose a slope for `values` and compute the pixels with it as written.

    Parameters
    ----------
    values
        Real values of one slice, any shape.
    signed
        PixelRepresentation of the series: one choice for all its slices.

    Raises
    ------
    Quarantined
        If a value is not finite, or negative while `signed` is False.
    """
    exact = values.astype(np.float64)
    low, high = float(exact.min(initial=0.0)), float(exact.max(initial=0.0))
    if not (math.isfinite(low) and math.isfinite(high)) or np.isnan(exact).any():
        raise Quarantined("result-not-finite")
    if low < 0 and not signed:
        raise Quarantined("result-negative-in-unsigned-series")
    dtype = np.dtype(np.int16 if signed else np.uint16)
    needed = max(high, -low) / np.iinfo(dtype).max
    written = as_ds(needed * _MARGIN) if needed > np.finfo(np.float64).tiny else "1"
    slope = float(written)
    stored = np.rint(exact / slope)
    error = float(np.abs(stored * slope - exact).max(initial=0.0))
    return Rescaled(stored.astype(dtype), written, slope / 2, error)


def needs_sign(lowest: float) -> bool:
    """Tell whether a series whose lowest value is `lowest` needs PixelRepresentation 1."""
    return lowest < 0

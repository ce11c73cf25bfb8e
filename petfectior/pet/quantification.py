"""A series in a few numbers: what a physicist compares before and after.

Two looks at each slice: the first finds range, sum and the hottest voxel (`Tally`), the second the means
around it (`Uptake`). Memory holds one slice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue

from petfectior.pet.suv import Scale

THRESHOLD: Final = 0.41
"""Part of the highest value that bounds the volume of interest (EANM 2.0, 41 %)."""
SPHERE_RADIUS: Final = (3.0 * 1000.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
"""Radius in mm of the 1 ml sphere of SUVpeak (QIBA, PERCIST)."""
_SAMPLES: Final = 5
"""Points per voxel and axis that tell how much of it lies in the sphere."""

Stored = NDArray[np.integer | np.floating]


class Tally:
    """The first look: lowest, highest and sum of all values, and where the highest is.

    Parameters
    ----------
    lowest, highest, total
        In the series' units.
    place
        Slice (in the block's C order), row and column of the highest value.
    """

    def __init__(self) -> None:
        self.slices = 0
        self.lowest = math.inf
        self.highest = -math.inf
        self.total = 0.0
        self.place = (0, 0, 0)

    def add(self, stored: Stored, slope: float) -> tuple[float, float, float]:
        """Add one slice; return its lowest and highest value and its sum, finite or not."""
        low, high = float(stored.min()) * slope, float(stored.max()) * slope
        amount = float(stored.sum(dtype=np.float64)) * slope
        if high > self.highest:
            row, column = divmod(int(stored.argmax()), stored.shape[1])
            self.highest, self.place = high, (self.slices, row, column)
        self.lowest = min(self.lowest, low)
        self.total += amount
        self.slices += 1
        return low, high, amount


class Uptake:
    """The second look: the voxels above the threshold, and the 1 ml sphere around the hottest one.

    Parameters
    ----------
    tally
        The first look at the same series.
    spacing
        Distance in mm between slices, rows and columns.
    slices
        Slices of one frame: the sphere stays within its frame.
    """

    def __init__(self, tally: Tally, spacing: Sequence[float], slices: int) -> None:
        self._tally = tally
        self._spacing = spacing
        self._threshold = THRESHOLD * tally.highest
        self._sphere = sphere(spacing)
        self._frame = tally.place[0] // slices
        self._slices = slices
        self._seen = 0
        self.highest = -math.inf
        self._above, self._count = 0.0, 0
        self._within, self._weight = 0.0, 0.0

    def add(self, stored: Stored, slope: float) -> None:
        """Add the next slice."""
        high = float(stored.max()) * slope
        self.highest = max(self.highest, high)
        if 0 < self._threshold <= high:
            hot = stored[stored >= self._threshold / slope]
            self._above += float(hot.sum(dtype=np.float64)) * slope
            self._count += hot.size
        self._add_sphere(stored, slope)
        self._seen += 1

    def _add_sphere(self, stored: Stored, slope: float) -> None:
        slab, row, column = self._tally.place
        reach = self._sphere.shape[0] // 2
        if self._seen // self._slices != self._frame or abs(self._seen - slab) > reach:
            return
        weights = self._sphere[self._seen - slab + reach]
        rows, row_weights = _overlap(row, weights.shape[0] // 2, stored.shape[0])
        columns, column_weights = _overlap(column, weights.shape[1] // 2, stored.shape[1])
        part = weights[row_weights, column_weights]
        self._within += float((part * stored[rows, columns]).sum()) * slope
        self._weight += float(part.sum())

    def figures(self, scale: Scale) -> Figures:
        """Return the numbers of a whole series."""
        volume = math.prod(self._spacing) / 1000.0
        frames = max(1, self._tally.slices // self._slices)
        mean = self._above / self._count if self._count else None
        peak = self._within / self._weight if self._weight and self.highest > 0 else None
        return Figures(
            lowest=self._tally.lowest,
            highest=self.highest,
            total=self._tally.total * volume / frames,
            voi_mean=mean,
            voi_volume=self._count * volume,
            peak=peak,
            suv_max=_scaled(self.highest, scale),
            suv_peak=_scaled(peak, scale),
            suv_mean=_scaled(mean, scale),
        )


class Figures(BaseModel):
    """The numbers of one series.

    Parameters
    ----------
    lowest, highest, voi_mean, peak
        In the series' units: range, mean of all voxels at or above `THRESHOLD` of the highest, mean in a 1 ml
        sphere around the highest.
    total
        Sum over the volume, units x ml (Bq where the units are Bq/ml); the mean over frames.
    voi_volume
        ml.
    suv_max, suv_peak, suv_mean
        SUVbw of highest, peak and voi_mean; None where it cannot be computed.
    """

    model_config = ConfigDict(frozen=True)

    lowest: float
    highest: float
    total: float
    voi_mean: float | None
    voi_volume: float
    peak: float | None
    suv_max: float | None
    suv_peak: float | None
    suv_mean: float | None


class Quantification(BaseModel):
    """The report on one derived series: it is stored with the task.

    Parameters
    ----------
    suv_code
        By which rule SUVs were computed, or why they were not.
    rescale_bound, rescale_error
        Largest error that the slopes allow, and the largest that occurred, in the series' units.
    slices, expected
        Instances built, and of the source.
    geometry_kept
        Position, orientation, spacing, size and frame of reference of each are its source's, byte for byte.
    uids_new
        Each SOPInstanceUID is there once and is none of the source's.
    """

    model_config = ConfigDict(frozen=True)

    units: str
    suv_code: str
    before: Figures
    after: Figures
    rescale_bound: float
    rescale_error: float
    slices: int
    expected: int
    geometry_kept: bool
    uids_new: bool

    def report(self) -> dict[str, JsonValue]:
        """Return what the task keeps."""
        return self.model_dump(mode="json")


def drift(before: float, after: float) -> float:
    """Return the relative change of a total; infinite if something came out of nothing."""
    if before == 0:
        return 0.0 if after == 0 else math.inf
    return abs(after - before) / abs(before)


def sphere(spacing: Sequence[float]) -> NDArray[np.float64]:
    """Return how much of each voxel lies in a 1 ml sphere around the middle one: (z, y, x), odd lengths."""
    axes = []
    for step in spacing:
        reach = math.ceil(max(0.0, SPHERE_RADIUS - step / 2) / step)
        inner = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
        axes.append(((np.arange(-reach, reach + 1)[:, None] + inner) * step).ravel())
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    inside = z**2 + y**2 + x**2 <= SPHERE_RADIUS**2
    counts = [len(axis) // _SAMPLES for axis in axes]
    split = inside.reshape(counts[0], _SAMPLES, counts[1], _SAMPLES, counts[2], _SAMPLES)
    weights: NDArray[np.float64] = split.mean(axis=(1, 3, 5))
    return weights


def _overlap(center: int, reach: int, length: int) -> tuple[slice, slice]:
    """Return which of an axis' voxels, and which weights, lie in the image."""
    first, last = max(0, center - reach), min(length, center + reach + 1)
    return slice(first, last), slice(first - center + reach, last - center + reach)


def _scaled(value: float | None, scale: Scale) -> float | None:
    return None if value is None or scale.factor is None else value * scale.factor

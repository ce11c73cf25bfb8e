"""An isotropic Gaussian of 5 mm FWHM, separable: slices are smoothed in plane, then along the axis."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Slice = npt.NDArray[np.float32]
FWHM: Final = 5.0
SIGMA: Final = FWHM / 2.3548


def smooth(slices: Iterable[Slice], spacing: tuple[float, float, float]) -> Iterator[Slice]:
    """Yield smoothed slices, holding only as many as the kernel is long."""
    depth, height, width = spacing
    weights = _weights(SIGMA / depth)
    planes = (
        np.asarray(ndimage.gaussian_filter(plane, (SIGMA / height, SIGMA / width)), np.float32)
        for plane in slices
    )
    for window in _windows(planes, len(weights) // 2):
        yield np.asarray(np.tensordot(weights, np.stack(window), 1), np.float32)


def _weights(sigma: float) -> Slice:
    radius = max(1, int(3 * sigma + 0.5))
    distance = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float32)


def _windows(planes: Iterator[Slice], radius: int) -> Iterator[list[Slice]]:
    """Yield each slice with its neighbours; beyond the ends the last slice repeats."""
    window: deque[Slice] = deque(maxlen=2 * radius + 1)
    for plane in _padded(planes, radius):
        window.append(plane)
        if len(window) == window.maxlen:
            yield list(window)


def _padded(planes: Iterator[Slice], radius: int) -> Iterator[Slice]:
    plane = next(planes, None)
    if plane is None:
        return
    yield from [plane] * (radius + 1)
    for plane in planes:
        yield plane
    yield from [plane] * radius

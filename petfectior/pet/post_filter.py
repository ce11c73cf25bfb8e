"""Post-filters: each enabled rule that fits scanner and tracer yields one series of its own.

A filtered series is the result plus a part of the removed noise, then an isotropic Gaussian given by its full
width at half maximum. Edges are padded with the outermost values, so that they do not darken. Slices are
streamed: memory holds the kernel's length of them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from petfectior.pet.filter_rules import Rule

FWHM_PER_SIGMA: Final = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""2.3548: full width at half maximum of a Gaussian of sigma 1."""
TRUNCATE: Final = 4.0
"""Sigmas at which the kernel ends, as in SciPy."""

Plane = NDArray[np.floating]


def apply(
    image: Iterable[Plane], noise: Iterable[Plane] | None, rule: Rule, spacing: Sequence[float]
) -> Iterator[Plane]:
    """Filter one frame.

    Parameters
    ----------
    image
        Its slices (rows, columns), in order.
    noise
        The removed noise, slice by slice, or None if the server sent none.
    spacing
        Distance in mm between slices, rows and columns, as measured.

    Yields
    ------
    numpy.ndarray
        float32, as many slices as came in.
    """
    mixed = _mixed(image, noise, rule.noise / 100.0)
    if rule.fwhm == 0:
        yield from mixed
        return
    axial, *within = (rule.fwhm / FWHM_PER_SIGMA / step for step in spacing)
    yield from _along((_smooth(plane, within) for plane in mixed), _kernel(axial))


def _mixed(image: Iterable[Plane], noise: Iterable[Plane] | None, part: float) -> Iterator[Plane]:
    if noise is None or part == 0:
        yield from (plane.astype(np.float32) for plane in image)
        return
    for plane, removed in zip(image, noise, strict=True):
        yield (plane + part * removed).astype(np.float32)


def _smooth(plane: Plane, sigmas: Sequence[float]) -> Plane:
    for axis, sigma in enumerate(sigmas):
        plane = gaussian_filter1d(plane, sigma, axis=axis, mode="nearest", truncate=TRUNCATE)
    return plane


def _kernel(sigma: float) -> NDArray[np.float64]:
    radius = int(TRUNCATE * sigma + 0.5)
    steps = np.arange(-radius, radius + 1, dtype=np.float64)
    weights: NDArray[np.float64] = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights.sum()
    return weights


def _along(planes: Iterable[Plane], kernel: NDArray[np.float64]) -> Iterator[Plane]:
    """Convolve across slices with a window of the kernel's length; the outermost slices are repeated."""
    window: deque[Plane] = deque(maxlen=len(kernel))
    for plane in _padded(planes, len(kernel) // 2):
        window.append(plane)
        if len(window) == len(kernel):
            yield _weighted(window, kernel)


def _padded(planes: Iterable[Plane], radius: int) -> Iterator[Plane]:
    last: Plane | None = None
    for plane in planes:
        if last is None:
            yield from repeat(plane, radius)
        yield plane
        last = plane
    if last is not None:
        yield from repeat(last, radius)


def _weighted(window: Iterable[Plane], kernel: NDArray[np.float64]) -> Plane:
    total = sum(plane * weight for plane, weight in zip(window, kernel, strict=True))
    return np.asarray(total, dtype=np.float32)

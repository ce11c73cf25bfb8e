"""The square root of a slice: there the noise of an iterative reconstruction is the same everywhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Slice = npt.NDArray[np.float32]
LAG: Final = 3
"""Pixels between the values of a difference: neighbours share the grain of the reconstruction."""


def root(plane: Slice) -> Slice:
    """Return the square root, of negative values with their sign."""
    return np.asarray(np.sign(plane) * np.sqrt(np.abs(plane)), np.float32)


def square(plane: Slice) -> Slice:
    """Undo `root`."""
    return np.asarray(np.sign(plane) * plane**2, np.float32)


def noise(rooted: Slice) -> float:
    """Estimate the standard deviation of the noise inside the body (median of differences); 0 if none."""
    body = rooted > 0.2 * np.percentile(rooted, 99)
    pairs = body[:, LAG:] & body[:, :-LAG]
    differences = np.abs(rooted[:, LAG:] - rooted[:, :-LAG])[pairs]
    return float(np.median(differences) / (0.6745 * np.sqrt(2.0))) if differences.size else 0.0

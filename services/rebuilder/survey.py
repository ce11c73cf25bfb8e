"""What is found by looking at a whole block, before anything is built from it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

from petfectior.errors import Permanent, Quarantined
from petfectior.pet import quantification
from petfectior.pet.quantification import Tally, Uptake
from petfectior.pet.voxel_block import Slice
from petfectior.task import Package
from services.rebuilder.result import VoxelBlock


def survey(slices: Iterable[Slice], slopes: Iterable[float]) -> Tally:
    """Look at every value once.

    Parameters
    ----------
    slices
        Stored values, 2-D each.
    slopes
        Rescale slope of each slice; 1 where the values are real.

    Raises
    ------
    Quarantined
        If a value or slope is not finite, or a slope not positive.
    """
    tally = Tally()
    for stored, slope in zip(slices, slopes, strict=True):
        if not (math.isfinite(slope) and slope > 0):
            raise Quarantined("result-slope-not-positive")
        found = tally.add(cast("quantification.Stored", stored), slope)
        if not all(map(math.isfinite, found)):
            raise Quarantined("result-not-finite")
    return tally


def uptake(block: VoxelBlock, tally: Tally, package: Package) -> Uptake:
    """Look at every value a second time, now that the highest is known."""
    found = Uptake(tally, voxel_spacing(package), package.shape[-3])
    for stored, slope in zip(block.slices(), block.slopes, strict=True):
        found.add(cast("quantification.Stored", stored), slope)
    return found


def voxel_spacing(package: Package) -> list[float]:
    """Return the distance in mm between slices, rows and columns. Raises `Permanent` if none is stored."""
    spacing = package.manifest.get("VoxelSpacing")
    if not isinstance(spacing, list) or len(spacing) != 3:  # noqa: PLR2004 - z, y, x
        raise Permanent("package-missing")
    return [float(cast("float", one)) for one in spacing]


def check_drift(before: Tally, after: Tally, allowed: float) -> None:
    """Refuse a result that gains or loses too much activity.

    Raises
    ------
    Quarantined
        If the relative change is above `allowed`.
    """
    found = quantification.drift(before.total, after.total)
    if found > allowed:
        shown = min(found, 1e6)
        raise Quarantined("result-activity-drift", percent=100 * shown, allowed=100 * allowed)

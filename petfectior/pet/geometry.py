"""Where slices lie in space and time.

Positions are projected on the slice normal of ImageOrientationPatient (PS3.3 C.7.6.2.1.1); z alone is wrong
for oblique series, and InstanceNumber and arrival order mean nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

from petfectior.pet.instance import InstanceFacts

SAME_PLACE: Final = 0.05
"""Millimetres within which two images are at one position."""

Vector = tuple[float, float, float]


def normal(orientation: Sequence[float]) -> Vector | None:
    """Return the unit normal of the slices, or None if the cosines span no plane.

    Parameters
    ----------
    orientation
        ImageOrientationPatient: direction cosines of a row, then of a column.
    """
    a, b, c, d, e, f = orientation
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = math.sqrt(sum(part * part for part in cross))
    if length < 0.5:  # noqa: PLR2004 - perpendicular unit vectors give 1
        return None
    return (cross[0] / length, cross[1] / length, cross[2] / length)


def place(facts: InstanceFacts) -> float | None:
    """Return a slice's position along its normal in mm, or None if the header does not tell."""
    if facts.position is None or facts.orientation is None:
        return None
    along = normal(facts.orientation)
    if along is None:
        return None
    return sum(p * n for p, n in zip(facts.position, along, strict=True))


def places(instances: Sequence[InstanceFacts]) -> list[float]:
    """Return the distinct positions along the normal in mm, ascending; unknown ones are left out."""
    known = sorted(value for value in map(place, instances) if value is not None)
    return [mm for index, mm in enumerate(known) if index == 0 or mm - known[index - 1] > SAME_PLACE]


def median_gap(positions: Sequence[float]) -> float:
    """Return the median distance between neighbours in mm; 0 for fewer than two."""
    gaps = sorted(b - a for a, b in itertools.pairwise(positions))
    return gaps[len(gaps) // 2] if gaps else 0.0


def missing_places(positions: Sequence[float], tolerance: float) -> list[float]:
    """Return the positions in mm where slices are missing between the first and the last.

    Parameters
    ----------
    tolerance
        Part of the median gap by which a gap may differ (bed joins reach 2.5 %).
    """
    step = median_gap(positions)
    missing: list[float] = []
    for low, high in itertools.pairwise(positions):
        if step and high - low > step * (1 + tolerance):
            count = max(2, round((high - low) / step))
            missing += [low + (high - low) * index / count for index in range(1, count)]
    return missing


def is_even(positions: Sequence[float], tolerance: float) -> bool:
    """Tell whether every gap is within `tolerance` of the median gap."""
    step = median_gap(positions)
    gaps = (b - a for a, b in itertools.pairwise(positions))
    return all(abs(gap - step) <= tolerance * step for gap in gaps)


def grouped(instances: Sequence[InstanceFacts]) -> list[list[InstanceFacts]]:
    """Return the images by position along the normal, ascending, each position's by time.

    Images whose position is unknown are left out.
    """
    placed = [(mm, one) for one in instances if (mm := place(one)) is not None]
    placed.sort(key=lambda pair: (pair[0], pair[1].temporal_key, pair[1].key))
    groups: list[list[InstanceFacts]] = []
    last = -math.inf
    for mm, one in placed:
        if mm - last > SAME_PLACE:
            groups.append([])
        groups[-1].append(one)
        last = mm
    for group in groups:
        group.sort(key=lambda one: (one.temporal_key, one.key))
    return groups


def frames(instances: Sequence[InstanceFacts]) -> list[list[InstanceFacts]] | None:
    """Return the images as frames x slices: time ascending, then position ascending.

    Returns
    -------
    list of list or None
        None if some position has more images than another, or none has a position.
    """
    groups = grouped(instances)
    counts = {len(group) for group in groups}
    if len(counts) != 1 or sum(map(len, groups)) != len(instances):
        return None
    return [list(frame) for frame in zip(*groups, strict=True)]

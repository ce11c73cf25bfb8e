"""Is the series complete? Distinct SOP Instance UIDs are counted against what the header announces.

The close of an association and the order of instances mean nothing (PS3.4 B.4). A series whose number is
announced is complete at once when that many are there, and never with fewer; one whose number is unknown is
judged by its positions, after the quiet time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from petfectior.pet import geometry
from petfectior.pet.instance import InstanceFacts
from petfectior.reasons import Reason

SHOWN: Final = 8
"""Missing positions that a sentence lists before it says "…"."""


@dataclass(frozen=True)
class Limits:
    """What a series of unknown length must meet.

    Parameters
    ----------
    minimum_images
        Fewest images.
    spacing_tolerance
        Part of the median gap by which a gap may differ.
    """

    minimum_images: int = 47
    spacing_tolerance: float = 0.10


@dataclass(frozen=True)
class Verdict:
    """What is there and what is missing.

    Parameters
    ----------
    complete
        True if nothing is missing. If `expected` is known it is complete at once; if not, it counts only
        after the quiet time.
    expected
        Number of instances that the header announces, or None.
    received
        Distinct SOP Instance UIDs.
    reason
        What is missing and where; None if complete.
    """

    complete: bool
    expected: int | None
    received: int
    reason: Reason | None = None


def expected_count(instances: Sequence[InstanceFacts]) -> int | None:
    """Return how many instances the headers announce, or None.

    NumberOfSlices (0054,0081), for DYNAMIC x NumberOfTimeSlices (0054,0101), for GATED x
    NumberOfRRIntervals (0054,0061) x NumberOfTimeSlots (0054,0071). GE writes the bed number into
    NumberOfTimeSlices of STATIC series, so it counts for DYNAMIC only (PS3.3 C.8.9.1).
    """
    slices = _agreed(instances, lambda one: one.number_of_slices)
    if slices is None:
        return None
    if any(one.is_a("DYNAMIC") for one in instances):
        times = _agreed(instances, lambda one: one.number_of_time_slices)
        return None if times is None else slices * times
    if any(one.is_a("GATED") for one in instances):
        intervals = _agreed(instances, lambda one: one.number_of_rr_intervals)
        slots = _agreed(instances, lambda one: one.number_of_time_slots)
        return None if intervals is None or slots is None else slices * intervals * slots
    return slices


def distinct(instances: Iterable[InstanceFacts]) -> list[InstanceFacts]:
    """Return the first of each SOP Instance UID (of each frame, where frames are told apart), in order."""
    first: dict[tuple[str, int], InstanceFacts] = {}
    for one in instances:
        first.setdefault(one.key, one)
    return list(first.values())


def assess(instances: Iterable[InstanceFacts], limits: Limits) -> Verdict:
    """Judge what has arrived of one series.

    Parameters
    ----------
    instances
        All facts of the series, copies included, in order of arrival.
    limits
        What a series of unknown length must meet.
    """
    known = distinct(instances)
    if any(one.holds_frames for one in known):
        return _multi_frame(known, limits)
    expected = expected_count(known)
    reason = _unknown_length(known, limits) if expected is None else _known_length(known, expected, limits)
    return Verdict(reason is None, expected, len(known), reason)


def _multi_frame(known: Sequence[InstanceFacts], limits: Limits) -> Verdict:
    """Judge multi-frame instances by their number of frames; where these lie is seen when they are read."""
    frames = sum(one.number_of_frames or 1 for one in known)
    reason = None
    if frames < limits.minimum_images:
        params: dict[str, str | float] = {"received": frames, "minimum": limits.minimum_images}
        reason = Reason(code="series-too-few-images", params=params)
    return Verdict(reason is None, None, len(known), reason)


def _agreed(instances: Sequence[InstanceFacts], value: Callable[[InstanceFacts], int | None]) -> int | None:
    """Return the most frequent positive value (the largest of equals), or None."""
    counts = Counter(number for one in instances if (number := value(one)))
    return max(counts, key=lambda number: (counts[number], number)) if counts else None


def _known_length(known: Sequence[InstanceFacts], expected: int, limits: Limits) -> Reason | None:
    received = len(known)
    if received >= expected:
        return None
    counts: dict[str, str | float] = {"expected": expected, "received": received}
    positions = geometry.places(known)
    missing = geometry.missing_places(positions, limits.spacing_tolerance)
    if missing:
        return Reason(code="series-incomplete-positions", params={**counts, "positions": _listed(missing)})
    thin = _thin_positions(known)
    if thin:
        return Reason(code="series-incomplete-frames", params={**counts, "positions": _listed(thin)})
    return Reason(code=_missing_end(known), params=counts)


def _unknown_length(known: Sequence[InstanceFacts], limits: Limits) -> Reason | None:
    received = len(known)
    if received < limits.minimum_images:
        return Reason(
            code="series-too-few-images", params={"received": received, "minimum": limits.minimum_images}
        )
    positions = geometry.places(known)
    if len(positions) < 2:  # noqa: PLR2004 - a spacing needs two
        return Reason(code="series-positions-unknown", params={"received": received})
    if geometry.is_even(positions, limits.spacing_tolerance):
        return None
    missing = geometry.missing_places(positions, limits.spacing_tolerance)
    if not missing:
        return Reason(code="series-unevenly-spaced", params={"received": received})
    return Reason(
        code="series-has-gaps",
        params={"received": received, "missing": len(missing), "positions": _listed(missing)},
    )


def _thin_positions(known: Sequence[InstanceFacts]) -> list[float]:
    """Return the positions in mm that have fewer images than the others (4-D series)."""
    groups = geometry.grouped(known)
    most = max(map(len, groups), default=0)
    places = [(geometry.place(group[0]), len(group)) for group in groups]
    return [mm for mm, count in places if mm is not None and count < most]


def _missing_end(known: Sequence[InstanceFacts]) -> str:
    """Return the code that names the end that is missing, if its numbering gives that away."""
    numbered = _numbered(known)
    ends = [group[0] for group in (geometry.grouped(known) or [])]
    if not numbered or len(ends) < 2:  # noqa: PLR2004 - one slice has no ends
        return "series-incomplete"
    low, high = numbered.get(ends[0].key), numbered.get(ends[-1].key)
    if low is None or high is None or low == high:
        return "series-incomplete"
    starts_at_one = min(numbered.values()) <= 1
    # Numbers that begin at 1 lack their largest ones, others their smallest.
    at_high = (high > low) is starts_at_one
    return _end_code(ends[-1], at_high=at_high)


def _numbered(known: Sequence[InstanceFacts]) -> dict[tuple[str, int], int]:
    """Return key → ImageIndex, or InstanceNumber, where all differ."""
    for name in ("image_index", "instance_number"):
        numbers = {one.key: getattr(one, name) for one in known}
        values = set(numbers.values())
        if None not in values and len(values) == len(known):
            return numbers
    return {}


def _end_code(one: InstanceFacts, *, at_high: bool) -> str:
    along = geometry.normal(one.orientation) if one.orientation else None
    if along is None or abs(along[2]) < 0.7:  # noqa: PLR2004 - nearer to axial than to anything else
        return "series-incomplete-end"
    # +z runs to the head (PS3.3 C.7.6.2.1.1).
    return "series-incomplete-head" if at_high is (along[2] > 0) else "series-incomplete-feet"


def _listed(positions: Sequence[float]) -> str:
    shown = ", ".join(f"{mm:.1f}" for mm in positions[:SHOWN])
    return shown + (", …" if len(positions) > SHOWN else "")

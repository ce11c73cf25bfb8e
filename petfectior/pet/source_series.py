"""The instances of a series out of its parts: copies settled, slices put in the block's order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from petfectior.errors import Rejected
from petfectior.pet import geometry
from petfectior.pet.instance import InstanceFacts

FOUR_DIMENSIONAL: Final = ("DYNAMIC", "GATED")
OUT_OF_LINE: Final = 0.5
"""Millimetres by which a slice may lie beside the stack's axis."""


@dataclass(frozen=True)
class Image:
    """One instance: its part (index into `Task.parts`) and its facts."""

    part: int
    facts: InstanceFacts


@dataclass(frozen=True)
class Settled:
    """Each SOP Instance UID once.

    Parameters
    ----------
    copies
        Further arrivals with the same dataset bytes.
    conflicts
        Further arrivals with other bytes; the first acknowledged is used.
    """

    images: list[Image]
    copies: int
    conflicts: int


@dataclass(frozen=True)
class Stack:
    """The series in the block's C order.

    Parameters
    ----------
    images
        Frame by frame, each by position along the slice normal, ascending.
    frames
        Number of frames (1 for a volume).
    is_4d
        Whether the block has a time axis; a DYNAMIC series of one frame has.
    spacing
        Distance in mm between slices (median), rows and columns.
    """

    images: list[Image]
    frames: int
    is_4d: bool
    spacing: tuple[float, float, float]

    @property
    def slices(self) -> int:
        """Number of slices of a frame."""
        return len(self.images) // self.frames


def settle(images: Iterable[Image]) -> Settled:
    """Settle copies: the first of each SOP Instance UID counts.

    Parameters
    ----------
    images
        In order of acknowledgement.
    """
    first: dict[str, Image] = {}
    copies = conflicts = 0
    for image in images:
        known = first.setdefault(image.facts.sop_instance_uid, image)
        if known is image:
            continue
        if known.facts.digest == image.facts.digest:
            copies += 1
        else:
            conflicts += 1
    return Settled(list(first.values()), copies, conflicts)


def stack(images: Sequence[Image]) -> Stack:
    """Put a checked series in order.

    Raises
    ------
    Rejected
        ``positions-uneven`` if some positions have more images than others, ``positions-repeated`` if a
        series that is not 4-D has several images at one position, ``positions-not-in-line`` if the slices
        do not stand one behind the other.
    """
    by_key = {image.facts.key: image for image in images}
    frames = geometry.frames([image.facts for image in images])
    if frames is None:
        raise Rejected("positions-uneven", received=len(images))
    is_4d = any(images[0].facts.is_a(kind) for kind in FOUR_DIMENSIONAL)
    if len(frames) > 1 and not is_4d:
        raise Rejected("positions-repeated", positions=len(frames[0]), received=len(images))
    _check_line(frames[0])
    ordered = [by_key[one.key] for frame in frames for one in frame]
    return Stack(ordered, len(frames), is_4d, _spacing(frames[0]))


def _check_line(frame: Sequence[InstanceFacts]) -> None:
    """Refuse slices whose first voxels lie on no line along the normal: the block is no regular grid."""
    first = frame[0]
    along = geometry.normal(first.orientation) if first.orientation else None
    for one in frame:
        if along is None or one.position is None or first.position is None:
            raise Rejected("attribute-missing", attribute="ImagePositionPatient")
        step = [a - b for a, b in zip(one.position, first.position, strict=True)]
        height = sum(s * n for s, n in zip(step, along, strict=True))
        beside = math.dist(step, [height * n for n in along])
        if beside > OUT_OF_LINE:
            raise Rejected("positions-not-in-line", millimetres=round(beside, 2))


def _spacing(frame: Sequence[InstanceFacts]) -> tuple[float, float, float]:
    rows, columns = frame[0].pixel_spacing or (1.0, 1.0)
    gap = geometry.median_gap(geometry.places(frame))
    return (gap or 1.0, rows, columns)

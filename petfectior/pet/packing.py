"""Makes a package: slices out of the parts, in order, into a voxel block; and the order they lie in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from petfectior.errors import Rejected
from petfectior.pet import stored_plane, voxel_block
from petfectior.pet.manifest import VoxelBlock
from petfectior.pet.slice_order import SliceSource
from petfectior.pet.source_series import Image, Stack
from petfectior.pet.voxel_block import Encoding, Slice

Check = Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """How the block of a series is written.

    Parameters
    ----------
    shape
        (z, y, x) or (t, z, y, x).
    dtype
        The source's int16 or uint16, unchanged, with its slopes; else float32 with slope 1.
    """

    shape: tuple[int, ...]
    dtype: str
    slopes: list[float]
    encoding: Encoding

    def block(self) -> VoxelBlock:
        """Return the manifest's part about the block."""
        return VoxelBlock(
            Shape=list(self.shape), DataType=self.dtype, Encoding=self.encoding, RescaleSlope=self.slopes
        )


def plan(stack: Stack, encoding: Encoding = "blosc2") -> Plan:
    """Return how a checked series is written: stored values with slopes wherever they can pass unchanged."""
    facts = [image.facts for image in stack.images]
    plane = (facts[0].rows or 0, facts[0].columns or 0)
    shape = (*((stack.frames,) if stack.is_4d else ()), stack.slices, *plane)
    whole = facts[0].bits_allocated == 16 and not any(one.intercept for one in facts)  # noqa: PLR2004
    if not whole:
        return Plan(shape, "float32", [1.0] * len(facts), encoding)
    dtype = "int16" if facts[0].pixel_representation else "uint16"
    return Plan(shape, dtype, [one.slope or 1.0 for one in facts], encoding)


def write(path: Path, stack: Stack, how: Plan, parts: Sequence[BinaryIO], check: Check) -> int:
    """Write the block slice by slice, with bounded memory.

    Parameters
    ----------
    parts
        The parts' files, seekable, by `Image.part`.
    check
        Called before each slice; raises to stop.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    Rejected
        If a slice's pixels cannot be read.
    Permanent
        ``blob-damaged`` if a part is not what its index says.
    """
    slices = (_slice(image, how, parts, check) for image in stack.images)
    return voxel_block.write(path, slices, how.shape, how.dtype, how.encoding)


def order(stack: Stack) -> Iterator[SliceSource]:
    """Yield where each slice of the block came from, in C order."""
    for image in stack.images:
        facts = image.facts
        yield SliceSource(
            part=image.part,
            offset=facts.offset,
            size=facts.size,
            transfer_syntax_uid=facts.transfer_syntax_uid,
            sop_class_uid=facts.sop_class_uid,
            sop_instance_uid=facts.sop_instance_uid,
            digest=facts.digest,
            slope=facts.slope or 1.0,
            intercept=facts.intercept or 0.0,
            frame=facts.frame,
            pixel_offset=facts.pixel_offset,
        )


def _slice(image: Image, how: Plan, parts: Sequence[BinaryIO], check: Check) -> Slice:
    check()
    stored = stored_plane.stored(image.facts, parts[image.part])
    if stored.shape != how.shape[-2:]:
        raise Rejected("pixels-unsupported", bits=stored.dtype.itemsize * 8)
    if how.dtype == "float32":
        slope, intercept = image.facts.slope or 1.0, image.facts.intercept or 0.0
        return (stored * slope + intercept).astype(np.float32)
    return stored.astype(how.dtype, casting="equiv", copy=False)

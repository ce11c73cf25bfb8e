"""The stored values of one received image, read from where the receiver found them in its part."""

from __future__ import annotations

from functools import lru_cache
from typing import BinaryIO

from petfectior.dicom import pixels, tag_walker
from petfectior.dicom.pixels import Layout, Plane, is_native
from petfectior.errors import Permanent, Rejected
from petfectior.pet.instance import InstanceFacts


def dataset(facts: InstanceFacts, file: BinaryIO) -> bytes:
    """Return an instance's encoded dataset. Raises `Permanent` if the part ends before it."""
    file.seek(facts.offset)
    data = file.read(facts.size)
    if len(data) != facts.size:
        raise Permanent("blob-damaged")
    return data


def stored(facts: InstanceFacts, file: BinaryIO) -> Plane:
    """Return an image's stored values: (rows, columns).

    Parameters
    ----------
    facts
        A single-frame instance, or one frame of a multi-frame one.
    file
        The part, seekable.

    Raises
    ------
    Rejected
        If its pixels cannot be read.
    Permanent
        ``blob-damaged`` if the part is not what its index says.
    """
    if facts.pixel_offset is None or facts.pixel_length is None or not is_native(facts.transfer_syntax_uid):
        if facts.frame is not None:
            raise Rejected("multi-frame-compressed")
        return pixels.stored_values(dataset(facts, file), facts.transfer_syntax_uid)
    layout = _layout(facts)
    layout.check(facts.pixel_length, facts.number_of_frames or 1)
    file.seek(facts.offset + facts.pixel_offset + ((facts.frame or 1) - 1) * layout.size)
    raw = file.read(layout.size)
    if len(raw) != layout.size:
        raise Permanent("blob-damaged")
    return layout.plane(raw)


def _layout(facts: InstanceFacts) -> Layout:
    """Return how a checked instance's pixels are written."""
    allocated = facts.bits_allocated or 16
    stored = facts.bits_stored or allocated
    high_bit = stored - 1 if facts.high_bit is None else facts.high_bit
    big = facts.transfer_syntax_uid == tag_walker.EXPLICIT_VR_BIG_ENDIAN
    signed = facts.pixel_representation == 1
    return _one_layout(facts.rows or 0, facts.columns or 0, allocated, stored, high_bit, signed, big)


_one_layout = lru_cache(maxsize=64)(Layout)

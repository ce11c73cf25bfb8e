"""Explicit VR Little Endian datasets as Implicit VR Little Endian, for a peer that takes nothing else."""

from __future__ import annotations

from struct import Struct
from typing import Final

from petfectior.dicom.sequence_items import items
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, UNDEFINED, Element, elements

_HEAD: Final = Struct("<HHL")
_LENGTH: Final = Struct("<L")
_LONG_HEAD_SIZE: Final = 12


def from_explicit(data: bytes) -> bytes:
    """Return an Explicit VR Little Endian dataset as Implicit VR Little Endian.

    Raises
    ------
    MalformedDataset
        If the dataset is not whole.
    """
    return b"".join(_element(data, one) for one in elements(data, EXPLICIT_VR_LITTLE_ENDIAN))


def _element(data: bytes, element: Element) -> bytes:
    long = element.value - element.start == _LONG_HEAD_SIZE
    undefined = long and _LENGTH.unpack_from(data, element.start + 8)[0] == UNDEFINED
    # The items of a UN of undefined length are implicit already (PS3.5 6.2.2, note 4).
    if element.vr == b"SQ":
        body = _sequence(data, element, undefined=undefined)
    else:
        body = data[element.value : element.end]
    length = UNDEFINED if undefined else len(body)
    return _HEAD.pack(element.tag >> 16, element.tag & 0xFFFF, length) + body


def _sequence(data: bytes, element: Element, *, undefined: bool) -> bytes:
    pieces = []
    for first, end, open_ended in items(data, element.value, element.end, EXPLICIT_VR_LITTLE_ENDIAN):
        content = from_explicit(data[first:end])
        pieces += [_HEAD.pack(0xFFFE, 0xE000, UNDEFINED if open_ended else len(content)), content]
        if open_ended:
            pieces.append(_HEAD.pack(0xFFFE, 0xE00D, 0))
    if undefined:
        pieces.append(_HEAD.pack(0xFFFE, 0xE0DD, 0))
    return b"".join(pieces)

"""Explicit VR Big Endian datasets with the order of their bytes turned round (PS3.5 A.3, 7.3)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from petfectior.dicom.sequence_items import items
from petfectior.dicom.tag_walker import EXPLICIT_VR_BIG_ENDIAN, UNDEFINED, Element, elements

_ITEM_HEAD: Final = Struct("<HHL")
_LONG_HEAD: Final = Struct("<HH2sxxL")
_SHORT_HEAD: Final = Struct("<HH2sH")
_LENGTH: Final = Struct(">L")
_WIDTHS: Final = (
    dict.fromkeys(b"US SS OW AT".split(), 2)
    | dict.fromkeys(b"UL SL FL OF OL".split(), 4)
    | dict.fromkeys(b"FD OD SV UV OV".split(), 8)
)


def to_little_endian(data: bytes) -> bytes:
    """Return an Explicit VR Big Endian dataset as Explicit VR Little Endian, pixel data included.

    Raises
    ------
    MalformedDataset
        If the dataset is not whole.
    """
    return b"".join(_element(data, one) for one in elements(data, EXPLICIT_VR_BIG_ENDIAN))


def _element(data: bytes, element: Element) -> bytes:
    group, number = element.tag >> 16, element.tag & 0xFFFF
    long = element.value - element.start > 8  # noqa: PLR2004 - a head of 12 bytes
    length = _LENGTH.unpack_from(data, element.start + 8)[0] if long else element.end - element.value
    if element.vr == b"SQ" or (element.vr == b"UN" and length == UNDEFINED):
        body = _sequence(data, element, undefined=length == UNDEFINED)
    else:
        body = _turned(data[element.value : element.end], _WIDTHS.get(element.vr, 1))
    if not long:
        return _SHORT_HEAD.pack(group, number, element.vr, len(body)) + body
    return _LONG_HEAD.pack(group, number, element.vr, UNDEFINED if length == UNDEFINED else len(body)) + body


def _sequence(data: bytes, element: Element, *, undefined: bool) -> bytes:
    pieces = []
    for first, end, open_ended in items(data, element.value, element.end, EXPLICIT_VR_BIG_ENDIAN):
        content = to_little_endian(data[first:end])
        pieces += [_ITEM_HEAD.pack(0xFFFE, 0xE000, UNDEFINED if open_ended else len(content)), content]
        if open_ended:
            pieces.append(_ITEM_HEAD.pack(0xFFFE, 0xE00D, 0))
    if undefined:
        pieces.append(_ITEM_HEAD.pack(0xFFFE, 0xE0DD, 0))
    return b"".join(pieces)


def _turned(value: bytes, width: int) -> bytes:
    if width == 1 or len(value) % width:
        return value
    turned = bytearray(len(value))
    for place in range(width):
        turned[place::width] = value[width - 1 - place :: width]
    return bytes(turned)

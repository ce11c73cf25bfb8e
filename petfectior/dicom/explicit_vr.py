"""Encoded datasets of the other uncompressed syntaxes as Explicit VR Little Endian (PS3.5 A.1-A.3).

Nothing is decoded but what says how long it is: text in an unknown character set, a DS of 17 characters
or a date of 1885 pass as they are, where a parse and a rewrite would change or refuse them.
"""

from __future__ import annotations

from functools import cache
from struct import Struct
from typing import Final

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from petfectior.dicom import big_endian
from petfectior.dicom.sequence_items import items
from petfectior.dicom.tag_walker import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Element,
    elements,
    inflated,
    is_big_endian,
    is_implicit,
)

LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
LONGEST_SHORT: Final = 0xFFFF
_SHORT_HEAD: Final = Struct("<HH2sH")
_LONG_HEAD: Final = Struct("<HH2sxxL")
_ITEM_HEAD: Final = Struct("<HHL")
_LENGTH: Final = Struct("<L")
_ITEM_DELIMITER: Final = _ITEM_HEAD.pack(0xFFFE, 0xE00D, 0)
_SEQUENCE_DELIMITER: Final = _ITEM_HEAD.pack(0xFFFE, 0xE0DD, 0)
_PIXEL_REPRESENTATION: Final = 0x00280103
_LUT_DATA: Final = 0x00283006
_FIRST_CREATOR: Final = 0x10
_LAST_CREATOR: Final = 0xFF
_MEMO_LONGEST: Final = 4096
_MEMO_MOST: Final = 20000


class Context:
    """What the VR of later elements depends on: private creators, and the sign of the pixels.

    Parameters
    ----------
    signed
        PixelRepresentation of the dataset around a sequence item.
    """

    def __init__(self, *, signed: bool = False) -> None:
        self.signed = signed
        self._creators: dict[int, bytes] = {}

    @staticmethod
    def depends_on(tag: int) -> bool:
        """Tell whether the element changes how later ones are read."""
        creator = bool(tag & 0x10000) and _FIRST_CREATOR <= tag & 0xFFFF <= _LAST_CREATOR
        return creator or tag == _PIXEL_REPRESENTATION

    def see(self, data: bytes, element: Element) -> None:
        """Take note of an element of an Implicit VR Little Endian dataset."""
        tag = element.tag
        if not self.depends_on(tag):
            return
        value = data[element.value : element.end]
        if tag == _PIXEL_REPRESENTATION:
            self.signed = value == b"\x01\x00"
        else:
            self._creators[tag] = value.strip(b" \0")

    def creator_of(self, tag: int) -> bytes:
        """Return the private creator that reserves the block of a tag (PS3.5 7.8.1)."""
        return self._creators.get((tag & 0xFFFF0000) | (tag >> 8 & 0xFF), b"") if tag & 0x10000 else b""


class Converter:
    """Converts the datasets of one series; what the slices have in common is converted once."""

    def __init__(self) -> None:
        self._memo: dict[tuple[bytes, bytes, bool], bytes] = {}

    def convert(self, data: bytes, syntax_uid: str) -> bytes:
        """Return the dataset in Explicit VR Little Endian.

        Encapsulated syntaxes are explicit little endian already; their pixel data stays encapsulated.

        Raises
        ------
        MalformedDataset
            If the dataset is not whole.
        """
        if syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
            return inflated(data)
        if is_big_endian(syntax_uid):
            return big_endian.to_little_endian(data)
        return self._dataset(data, signed=False) if is_implicit(syntax_uid) else data

    def _dataset(self, data: bytes, *, signed: bool) -> bytes:
        context = Context(signed=signed)
        pieces = []
        for element in elements(data, IMPLICIT_VR_LITTLE_ENDIAN):
            context.see(data, element)
            pieces.append(self.element(data, element, context))
        return b"".join(pieces)

    def element(self, data: bytes, element: Element, context: Context) -> bytes:
        """Return one top-level element of an Implicit VR Little Endian dataset in explicit VR."""
        creator, signed = context.creator_of(element.tag), context.signed
        if element.end - element.start > _MEMO_LONGEST:
            return self._converted(data, element, creator, signed=signed)
        key = (data[element.start : element.end], creator, signed)
        known = self._memo.get(key)
        if known is None:
            known = self._converted(data, element, creator, signed=signed)
            if len(self._memo) < _MEMO_MOST:
                self._memo[key] = known
        return known

    def _converted(self, data: bytes, element: Element, creator: bytes, *, signed: bool) -> bytes:
        tag = element.tag
        undefined = _LENGTH.unpack_from(data, element.start + 4)[0] == UNDEFINED
        vr = _vr(tag, creator, signed=signed)
        if vr == b"SQ" or undefined:
            return self._sequence(data, element, undefined=undefined, signed=signed)
        return head(tag, vr, element.end - element.value) + data[element.value : element.end]

    def _sequence(self, data: bytes, element: Element, *, undefined: bool, signed: bool) -> bytes:
        pieces = []
        for first, end, open_ended in items(data, element.value, element.end, IMPLICIT_VR_LITTLE_ENDIAN):
            content = self._dataset(data[first:end], signed=signed)
            pieces += [_ITEM_HEAD.pack(0xFFFE, 0xE000, UNDEFINED if open_ended else len(content)), content]
            if open_ended:
                pieces.append(_ITEM_DELIMITER)
        if undefined:
            pieces.append(_SEQUENCE_DELIMITER)
        body = b"".join(pieces)
        length = UNDEFINED if undefined else len(body)
        return _LONG_HEAD.pack(element.tag >> 16, element.tag & 0xFFFF, b"SQ", length) + body


def head(tag: int, vr: bytes, length: int) -> bytes:
    """Return tag, VR and length of an element; a value too long for its VR is written as UN (PS3.5 6.2.2)."""
    if vr in LONG_VRS:
        return _LONG_HEAD.pack(tag >> 16, tag & 0xFFFF, vr, length)
    if length > LONGEST_SHORT:
        return _LONG_HEAD.pack(tag >> 16, tag & 0xFFFF, b"UN", length)
    return _SHORT_HEAD.pack(tag >> 16, tag & 0xFFFF, vr, length)


@cache
def _vr(tag: int, creator: bytes, *, signed: bool) -> bytes:
    number = tag & 0xFFFF
    if number == 0:
        return b"UL"
    if tag & 0x10000:
        return b"LO" if _FIRST_CREATOR <= number <= _LAST_CREATOR else _private_vr(tag, creator)
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return b"UN"
    if vr.startswith("US or SS"):
        return b"SS" if signed and tag != _LUT_DATA else b"US"
    return b"OW" if " or " in vr else vr.encode("ascii")


def _private_vr(tag: int, creator: bytes) -> bytes:
    try:
        vr = private_dictionary_VR(tag, creator.decode("ascii", "replace"))
    except KeyError:
        return b"UN"
    return b"UN" if " or " in vr else vr.encode("ascii")

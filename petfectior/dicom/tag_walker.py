"""Finds the elements of an encoded dataset without decoding it.

Nothing but offsets is computed, so a header of 150 elements costs about a tenth of a millisecond where
a full parse costs ten times that. The structure is followed to its very end: what is walked here can be
decoded by any reader.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from mmap import mmap
from struct import Struct
from typing import Final

from pydicom.datadict import dictionary_VR

from petfectior.errors import Rejected

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

DEEPEST: Final = 64
"""Sequences nested deeper than this are refused."""
LARGEST_INFLATED: Final = 128 << 20
"""Bytes that a deflated dataset may unfold to."""

PIXEL_DATA: Final = 0x7FE00010
UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_DELIMITER: Final = 0xFFFEE00D
SEQUENCE_DELIMITER: Final = 0xFFFEE0DD

Encoded = bytes | bytearray | memoryview | mmap

_DELIMITERS: Final = 0xFFFE
_NOT_IN_DATASETS: Final = frozenset({0x0000, 0x0002, _DELIMITERS})
_NO_VR: Final = b"--"
_FRAGMENTS: Final = frozenset({b"OB", b"OW"})
_OF_ITEMS: Final = frozenset({b"SQ", b"UN", b"", b"OB", b"OW"})
_LONG: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV --".split())
_SHORT: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_TEXT: Final = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())


class MalformedDataset(Rejected):
    """The bytes are no whole DICOM dataset in the transfer syntax that they are said to have."""


@dataclass(frozen=True, slots=True)
class Element:
    """Where one element lies.

    Parameters
    ----------
    tag
        Group and element as one number, ``0x00100020``.
    vr
        Two letters, or empty where the syntax does not state it.
    start, value, end
        Byte offsets of the element, of its value, and behind it.
    """

    tag: int
    vr: bytes
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Form:
    """How elements are written: the encoding of their head and of a number of four bytes."""

    explicit: bool
    head: Struct
    long: Struct
    item: Struct


_LITTLE_ITEM: Final = Struct("<HHL")
_IMPLICIT: Final = _Form(explicit=False, head=_LITTLE_ITEM, long=Struct("<L"), item=_LITTLE_ITEM)
_EXPLICIT: Final = _Form(explicit=True, head=Struct("<HH2sH"), long=Struct("<L"), item=_LITTLE_ITEM)
_BIG: Final = _Form(explicit=True, head=Struct(">HH2sH"), long=Struct(">L"), item=Struct(">HHL"))


def is_implicit(syntax_uid: str) -> bool:
    """Tell whether elements of the transfer syntax do not state their VR."""
    return syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN


def is_big_endian(syntax_uid: str) -> bool:
    """Tell whether numbers of the transfer syntax have their most significant byte first."""
    return syntax_uid == EXPLICIT_VR_BIG_ENDIAN


def elements(data: Encoded, syntax_uid: str) -> Iterator[Element]:
    """Yield the top-level elements of an encoded dataset, in the order they are written.

    Parameters
    ----------
    data
        A dataset without preamble and file meta information.
    syntax_uid
        Its transfer syntax; every encapsulated one is written as Explicit VR Little Endian.

    Raises
    ------
    MalformedDataset
        At the first element that is not whole (PS3.5 §7), or if `data` is deflated (see `inflated`).
    """
    form = _form(syntax_uid)
    for tag, vr, start, value, end in _walk(data, form):
        yield Element(tag, vr, start, value, end)


def read(data: Encoded, syntax_uid: str, wanted: frozenset[int]) -> dict[int, bytes]:
    """Return the raw values of the wanted top-level elements; the whole structure is followed.

    Text has its trailing padding removed; numbers are as they are written, in the order of bytes of
    the transfer syntax. Deflated datasets are inflated first.

    Raises
    ------
    MalformedDataset
        If any element, wanted or not, is not whole.
    """
    return read_and_locate(data, syntax_uid, wanted)[0]


def read_and_locate(
    data: Encoded, syntax_uid: str, wanted: frozenset[int]
) -> tuple[dict[int, bytes], tuple[int, int] | None]:
    """Return what `read` returns, and offset and length of the value of PixelData, if there is one.

    The place is one in `data` as it is, so a deflated dataset has none.
    """
    deflated = syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
    if deflated:
        data = inflated(data)
    values: dict[int, bytes] = {}
    pixels: tuple[int, int] | None = None
    for tag, _vr, _start, value, end in _walk(data, _form(syntax_uid)):
        if tag in wanted:
            raw = bytes(data[value:end])
            values[tag] = raw.rstrip(b" \0") if _is_text(tag) else raw
        if tag == PIXEL_DATA and not deflated:
            pixels = (value, end - value)
    return values, pixels


def inflated(data: Encoded) -> bytes:
    """Return the dataset behind Deflated Explicit VR Little Endian (PS3.5 §A.5).

    Raises
    ------
    MalformedDataset
        If it is no whole deflate stream, or unfolds to more than `LARGEST_INFLATED` bytes.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        dataset = stream.decompress(bytes(data), LARGEST_INFLATED)
    except zlib.error as error:
        raise MalformedDataset("dataset-malformed", offset=0) from error
    if not stream.eof:
        raise MalformedDataset("dataset-truncated", offset=len(dataset))
    return dataset


@cache
def _is_text(tag: int) -> bool:
    try:
        return dictionary_VR(tag) in _TEXT
    except KeyError:
        return False


def _form(syntax_uid: str) -> _Form:
    if syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN:
        return _IMPLICIT
    return _BIG if syntax_uid == EXPLICIT_VR_BIG_ENDIAN else _EXPLICIT


def _walk(data: Encoded, form: _Form) -> Iterator[tuple[int, bytes, int, int, int]]:
    position, size = 0, len(data)
    while position < size:
        tag, vr, value, end = _element(data, position, size, form, 0)
        if tag >> 16 in _NOT_IN_DATASETS:
            raise MalformedDataset("dataset-malformed", offset=position)
        yield tag, vr, position, value, end
        position = end


def _element(data: Encoded, start: int, size: int, form: _Form, depth: int) -> tuple[int, bytes, int, int]:
    """Return tag, VR, offset of the value and end of the element at `start`."""
    value = start + 8
    if value > size:
        raise MalformedDataset("dataset-truncated", offset=start)
    vr = b""
    if form.explicit:
        group, number, vr, length = form.head.unpack_from(data, start)
        if vr not in _SHORT:
            value, length = _long_length(data, start, form, _NO_VR if group == _DELIMITERS else vr)
    else:
        group, number, length = form.item.unpack_from(data, start)
    end = value + length
    if length == UNDEFINED:
        end = _undefined_end(data, value, size, form, vr, depth + 1)
    if end > size:
        raise MalformedDataset("dataset-truncated", offset=start)
    return group << 16 | number, vr, value, end


def _long_length(data: Encoded, start: int, form: _Form, vr: bytes) -> tuple[int, int]:
    """Return offset of the value and its length, for a length of four bytes (PS3.5 §7.1.2, §7.5)."""
    value = start + 8 if vr == _NO_VR else start + 12
    if vr not in _LONG:
        raise MalformedDataset("dataset-malformed", offset=start)
    if value > len(data):
        raise MalformedDataset("dataset-truncated", offset=start)
    return value, int(form.long.unpack_from(data, value - 4)[0])


def _undefined_end(  # noqa: PLR0917 - a step of the walk takes its whole state
    data: Encoded, position: int, size: int, form: _Form, vr: bytes, depth: int
) -> int:
    """Return the offset behind the delimiter of a sequence, or of encapsulated pixel data."""
    if depth > DEEPEST:
        raise MalformedDataset("dataset-too-deep", depth=DEEPEST)
    form = _IMPLICIT if vr == b"UN" else form  # PS3.5 §6.2.2, note on UN of undefined length
    while position + 8 <= size:
        group, number, length = form.item.unpack_from(data, position)
        tag = group << 16 | number
        if tag == SEQUENCE_DELIMITER and length == 0:
            return position + 8
        if tag != ITEM or vr not in _OF_ITEMS or (length == UNDEFINED and vr in _FRAGMENTS):
            raise MalformedDataset("dataset-malformed", offset=position)
        position += 8
        position = _item_end(data, position, size, form, depth) if length == UNDEFINED else position + length
    raise MalformedDataset("dataset-truncated", offset=min(position, size))


def _item_end(data: Encoded, position: int, size: int, form: _Form, depth: int) -> int:
    while position < size:
        tag, _vr, _value, end = _element(data, position, size, form, depth)
        if tag == ITEM_DELIMITER and end == position + 8:
            return end
        if tag >> 16 == _DELIMITERS:
            raise MalformedDataset("dataset-malformed", offset=position)
        position = end
    raise MalformedDataset("dataset-truncated", offset=position)

"""The items of an encoded sequence (PS3.5 7.5)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from petfectior.dicom.tag_walker import (
    ITEM,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    MalformedDataset,
    elements,
    is_big_endian,
)

_LITTLE: Final = Struct("<HHL")
_BIG: Final = Struct(">HHL")


def items(data: bytes, start: int, end: int, syntax_uid: str) -> Iterator[tuple[int, int, bool]]:
    """Yield begin and end of the content of each item, and whether its length was left open.

    Parameters
    ----------
    data
        Encoded dataset.
    start, end
        Offsets of the sequence's value and behind it.

    Raises
    ------
    MalformedDataset
        If something else than items lies there.
    """
    form = _BIG if is_big_endian(syntax_uid) else _LITTLE
    position = start
    while position + 8 <= end:
        group, number, length = form.unpack_from(data, position)
        tag = group << 16 | number
        if tag == SEQUENCE_DELIMITER:
            return
        if tag != ITEM:
            raise MalformedDataset("dataset-malformed", offset=position)
        position += 8
        open_ended = length == UNDEFINED
        behind = _open_end(data, position, syntax_uid, form) if open_ended else position + length
        if behind > end:
            raise MalformedDataset("dataset-truncated", offset=position)
        yield position, behind, open_ended
        position = behind + (8 if open_ended else 0)


def _open_end(data: bytes, start: int, syntax_uid: str, form: Struct) -> int:
    delimiter = form.pack(0xFFFE, 0xE00D, 0)
    if data[start : start + 8] == delimiter:
        return start
    for element in elements(data[start:], syntax_uid):
        if data[start + element.end : start + element.end + 8] == delimiter:
            return start + element.end
    raise MalformedDataset("dataset-truncated", offset=start)

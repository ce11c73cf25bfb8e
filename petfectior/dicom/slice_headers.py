"""Reads the headers of the slices of one series, each with the last one as a guess.

The slices of a series differ in some fifteen elements of a hundred. An element begins with its own length, so
where the same bytes stand at the place where an element begins, the same element stands there: it need not be
parsed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from petfectior.dicom.explicit_vr import Context, Converter
from petfectior.dicom.tag_walker import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    UNDEFINED,
    Element,
    elements,
    is_big_endian,
    is_implicit,
)

PIXEL_GROUP: Final = 0x7FE00000
_EXPLICIT_HEAD: Final = Struct("<HH2sH")
_IMPLICIT_LENGTH: Final = Struct("<L")
_SHORT_VRS: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_DELIMITERS: Final = 0xFFFE


@dataclass(frozen=True, slots=True)
class _Known:
    """An element of the last header: as it was encoded, and in explicit VR."""

    tag: int
    raw: bytes
    explicit: bytes


class SliceHeaders:
    """Encoded headers of one series as elements in Explicit VR Little Endian."""

    def __init__(self) -> None:
        self._converter = Converter()
        self._last: list[_Known] = []
        self._last_implicit = False

    def read(self, dataset: bytes, syntax_uid: str) -> dict[int, bytes]:
        """Return the encoded elements before the pixels, by tag, in ascending order.

        Raises
        ------
        MalformedDataset
            If the dataset is not whole as far as it is read.
        """
        if syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN or is_big_endian(syntax_uid):
            dataset = self._converter.convert(dataset, syntax_uid)
        implicit = is_implicit(syntax_uid)
        known = self._last if implicit is self._last_implicit else []
        self._last = self._compare(dataset, known, implicit=implicit)
        self._last_implicit = implicit
        return {one.tag: one.explicit for one in self._last}

    def _compare(self, data: bytes, known: list[_Known], *, implicit: bool) -> list[_Known]:
        context = Context()
        found: list[_Known] = []
        position = guess = 0
        while position < len(data):
            if guess < len(known) and data.startswith(known[guess].raw, position):
                one = known[guess]
                if implicit and context.depends_on(one.tag):
                    context.see(data, _whole(data, position, implicit=True))
            else:
                element = _whole(data, position, implicit=implicit)
                if element.tag >= PIXEL_GROUP:
                    break
                context.see(data, element)
                one = self._fresh(data, element, context, implicit=implicit)
                changed = implicit and context.depends_on(one.tag)
                known = [] if changed else known
            found.append(one)
            position += len(one.raw)
            while guess < len(known) and known[guess].tag <= one.tag:
                if known[guess].tag != one.tag and implicit and context.depends_on(known[guess].tag):
                    known = []
                guess += 1
        return found

    def _fresh(self, data: bytes, element: Element, context: Context, *, implicit: bool) -> _Known:
        raw = data[element.start : element.end]
        explicit = self._converter.element(data, element, context) if implicit else raw
        return _Known(element.tag, raw, explicit)


def _whole(data: bytes, position: int, *, implicit: bool) -> Element:
    """Parse the one element at `position`; the walker is asked where it is not a plain one."""
    if position + 8 <= len(data):
        group, number, vr, length = _EXPLICIT_HEAD.unpack_from(data, position)
        if implicit:
            vr, length = b"", _IMPLICIT_LENGTH.unpack_from(data, position + 4)[0]
        end = position + 8 + length
        plain = length != UNDEFINED if implicit else vr in _SHORT_VRS
        if plain and end <= len(data) and group < _DELIMITERS:
            return Element(group << 16 | number, vr, position, position + 8, end)
    syntax = IMPLICIT_VR_LITTLE_ENDIAN if implicit else EXPLICIT_VR_LITTLE_ENDIAN
    one = next(iter(elements(memoryview(data)[position:], syntax)))
    return Element(one.tag, one.vr, position + one.start, position + one.value, position + one.end)

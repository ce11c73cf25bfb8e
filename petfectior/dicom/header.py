"""Edits an encoded Explicit VR Little Endian dataset element by element.

What is not edited is copied as it is, byte for byte: nobody has to understand it, and nothing of it can be
changed by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from struct import Struct
from typing import Final

from petfectior.dicom.explicit_vr import LONG_VRS, head

_ITEM: Final = Struct("<HHL")
_ZERO_PADDED: Final = frozenset(b"UI OB OW UN".split())


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an element, its value padded to even length (PS3.5 6.2, 7.1).

    Raises
    ------
    ValueError
        If the value is too long for the VR.
    """
    if len(value) % 2:
        value += b"\0" if vr in _ZERO_PADDED else b" "
    if len(value) > 0xFFFE and vr not in LONG_VRS:  # noqa: PLR2004 - an even length in 16 bits
        raise ValueError("value too long for its VR")
    return head(tag, vr, len(value)) + value


def sequence(tag: int, contents: Iterable[bytes]) -> bytes:
    """Return a sequence of defined length; `contents` are the encoded elements of each item."""
    return element(tag, b"SQ", b"".join(_ITEM.pack(0xFFFE, 0xE000, len(one)) + one for one in contents))


def item(elements: Mapping[int, bytes]) -> bytes:
    """Return the content of an item from encoded elements by tag."""
    return b"".join(elements[tag] for tag in sorted(elements))


def edited(elements: Mapping[int, bytes], edits: Mapping[int, bytes], drops: Callable[[int], bool]) -> bytes:
    """Return a dataset with elements set, replaced and dropped, in ascending order of tags.

    Parameters
    ----------
    elements
        Encoded elements by tag.
    edits
        Encoded elements by tag, each set whether it was there or not.
    drops
        Tells of a tag that has no edit whether it is dropped.
    """
    merged = {tag: one for tag, one in elements.items() if not drops(tag)}
    merged.update(edits)
    return b"".join([merged[tag] for tag in sorted(merged)])


def value(encoded: bytes) -> bytes:
    """Return the raw value of an encoded element; nothing for no element."""
    return encoded[12 if encoded[4:6] in LONG_VRS else 8 :]

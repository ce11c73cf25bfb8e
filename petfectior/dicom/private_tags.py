"""Private elements that a derived series keeps: SUV cannot be computed right without them (PS3.15 E.3.10)."""

from __future__ import annotations

from typing import Final

SAFE: Final = frozenset(
    {
        (0x0009, b"GEMS_PETD_01", 0x0D),  # GE: date and time of the scan, the true decay reference
        (0x7053, b"Philips PET Private Group", 0x00),  # SUV factor
        (0x7053, b"Philips PET Private Group", 0x09),  # activity concentration factor
    }
)
"""Group, private creator, and element within the creator's block."""

SAFE_GROUPS: Final = frozenset(group for group, _creator, _number in SAFE)
_FIRST_CREATOR: Final = 0x10
_LAST_CREATOR: Final = 0xFF


def is_private(tag: int) -> bool:
    """Tell whether the group is odd (PS3.5 7.8)."""
    return bool(tag & 0x10000)


def kept(values: dict[int, bytes]) -> frozenset[int]:
    """Return which private elements stay, each with the creator that reserves its block.

    Parameters
    ----------
    values
        Tag and raw value of the private elements of `SAFE_GROUPS`.
    """
    creators = {tag: value.strip(b" \0") for tag, value in values.items() if _is_creator(tag)}
    stays: set[int] = set()
    for tag in values:
        creator_tag = (tag & 0xFFFF0000) | (tag >> 8 & 0xFF)
        if creator_tag in creators and (tag >> 16, creators[creator_tag], tag & 0xFF) in SAFE:
            stays |= {tag, creator_tag}
    return frozenset(stays)


def _is_creator(tag: int) -> bool:
    return _FIRST_CREATOR <= tag & 0xFFFF <= _LAST_CREATOR

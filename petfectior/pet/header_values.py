"""Single values out of one parsed header; an odd, empty or unreadable one is None, never an error."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Final

from pydicom import Dataset
from pydicom.multival import MultiValue

Header = Dataset
_TIME: Final = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")
_DATE: Final = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_AGE: Final = re.compile(r"(\d{1,3})([DWMY])")
_DAYS: Final = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}


def raw(header: Header, tag: int) -> object:
    """Return the first value of an element, or None if it is absent, empty or cannot be read."""
    try:
        value = header[tag].value if tag in header else None
    except Exception:  # noqa: BLE001 - pydicom raises whatever a broken value makes it raise
        return None
    if isinstance(value, MultiValue | list | tuple):
        value = value[0] if len(value) else None
    return value


def text(header: Header, tag: int) -> str:
    """Return a value as text, or "" (for matching only: free text never leaves)."""
    value = raw(header, tag)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return str(value).strip(" \0") if value is not None else ""


def private_text(header: Header, place: tuple[int, str, int]) -> str:
    """Return a private element's text by group, creator and number, wherever its block lies (PS3.5 7.8.1)."""
    group, creator, number = place
    for slot in range(0x10, 0x100):
        if text(header, group << 16 | slot) == creator:
            return text(header, group << 16 | slot << 8 | number)
    return ""


def number(header: Header, tag: int) -> float | None:
    """Return a finite number, or None; private elements of unknown VR are read as text."""
    try:
        value = float(text(header, tag))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def positive(header: Header, tag: int) -> float | None:
    """Return a number above zero, or None."""
    value = number(header, tag)
    return value if value is not None and value > 0 else None


def count(header: Header, tag: int) -> int | None:
    """Return a positive whole number, or None."""
    value = positive(header, tag)
    return int(value) if value is not None and value.is_integer() and value < 1 << 20 else None


def items(header: Header, tag: int) -> list[Header]:
    """Return the items of a sequence; none if it is absent or no sequence."""
    try:
        value = header[tag].value if tag in header else None
        return [item for item in value or [] if isinstance(item, Dataset)]
    except Exception:  # noqa: BLE001 - as in `raw`
        return []


def moment(date: str | None, time: str | None) -> datetime | None:
    """Return date (DA) and time (TM) together, or None; years like 1885 are fine."""
    day, clock = _DATE.fullmatch((date or "").strip()), _TIME.fullmatch((time or "").strip())
    if day is None or clock is None:
        return None
    hour, minute, second, fraction = clock.groups()
    micro = int((fraction or "0").ljust(6, "0"))
    try:
        start = datetime(int(day[1]), int(day[2]), int(day[3]))  # noqa: DTZ001 - local time of the scanner
        return start + timedelta(
            hours=int(hour), minutes=int(minute or 0), seconds=int(second or 0), microseconds=micro
        )
    except (ValueError, OverflowError):
        return None


def moment_of(value: str) -> datetime | None:
    """Return a DT value (its offset from UTC left out: all times of a series share it), or None."""
    digits = re.match(r"\d{8,14}(?:\.\d{1,6})?", value.strip())
    return moment(digits[0][:8], digits[0][8:]) if digits else None


def years(value: str) -> int | None:
    """Return the whole years of an AS value such as ``018M`` or ``100Y``, or None."""
    age = _AGE.fullmatch(value.strip())
    return int(int(age[1]) * _DAYS[age[2]] / _DAYS["Y"] + 1e-9) if age else None

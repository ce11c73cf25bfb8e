"""The records of a stored ZIP of DICOM files (APPNOTE 4.3): named by number, never compressed."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

_LOCAL: Final = Struct("<4s5H3L2H")
_CENTRAL: Final = Struct("<4s6H3L5H2L")
_END: Final = Struct("<4s4H2LH")
_END64: Final = Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = Struct("<4sLQL")
_EXTRA64: Final = Struct("<2HQ")

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
END_SIGNATURE: Final = b"PK\x05\x06"
_VERSION: Final = 20
_VERSION64: Final = 45
_FIRST_OF_1980: Final = 0x0021
_MODE: Final = 0o100600 << 16
LARGEST32: Final = 0xFFFFFFFF
_LARGEST16: Final = 0xFFFF
_NAME_LENGTH: Final = 12
LOCAL_LENGTH: Final = _LOCAL.size + _NAME_LENGTH
"""Bytes of a local header with its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the ZIP: offset of its local header, size and checksum of its bytes."""

    offset: int
    size: int
    crc: int


def local_header(entry: Entry, number: int) -> bytes:
    """Return what stands before the bytes of entry `number`, from 1."""
    sizes = (entry.crc, entry.size, entry.size, _NAME_LENGTH, 0)
    return _LOCAL.pack(LOCAL_SIGNATURE, _VERSION, 0, 0, 0, _FIRST_OF_1980, *sizes) + _name(number)


def parse_local(head: bytes, offset: int, number: int) -> Entry | None:
    """Return the entry that a local header states; None if it is none of ours."""
    if len(head) < _LOCAL.size + _NAME_LENGTH or head[_LOCAL.size :] != _name(number):
        return None
    signature, _version, _flags, method, _time, _date, crc, size, _size, _name_size, extra = (
        _LOCAL.unpack_from(head)
    )
    if signature != LOCAL_SIGNATURE or method or extra:
        return None
    return Entry(offset=offset, size=size, crc=crc)


def central_header(entry: Entry, number: int) -> bytes:
    """Return what the directory says of entry `number`, from 1."""
    far = entry.offset >= LARGEST32
    extra = _EXTRA64.pack(1, 8, entry.offset) if far else b""
    version = _VERSION64 if far else _VERSION
    head = _CENTRAL.pack(
        CENTRAL_SIGNATURE,
        3 << 8 | version,  # made by a Unix, so that the mode below counts
        version,
        0,
        0,
        0,
        _FIRST_OF_1980,
        entry.crc,
        entry.size,
        entry.size,
        _NAME_LENGTH,
        len(extra),
        0,
        0,
        0,
        _MODE,
        LARGEST32 if far else entry.offset,
    )
    return head + _name(number) + extra


def end_of_directory(count: int, size: int, offset: int) -> bytes:
    """Return the end of a ZIP whose directory has `count` entries and `size` bytes and begins at `offset`."""
    end64 = b""
    if count >= _LARGEST16 or offset >= LARGEST32 or size >= LARGEST32:
        record = (_VERSION64, _VERSION64, 0, 0, count, count, size, offset)
        end64 = _END64.pack(b"PK\x06\x06", _END64.size - 12, *record)
        end64 += _LOCATOR64.pack(b"PK\x06\x07", 0, offset + size, 1)
    counts = min(count, _LARGEST16)
    places = (min(size, LARGEST32), min(offset, LARGEST32))
    return end64 + _END.pack(END_SIGNATURE, 0, 0, counts, counts, *places, 0)


def _name(number: int) -> bytes:
    return b"%08d.dcm" % number

"""The head of a DICOM file: preamble, prefix and group 0002 (PS3.10 §7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from struct import Struct, error
from typing import BinaryIO, Final

from petfectior.dicom.tag_walker import MalformedDataset

IMPLEMENTATION_CLASS_UID: Final = "2.25.267319570461852846119028361450367201741"
IMPLEMENTATION_VERSION_NAME: Final = "PETFECTIOR_1"

_PREFIX: Final = b"\0" * 128 + b"DICM"
_VERSION: Final = b"\x02\x00\x01\x00OB\0\0\x02\0\0\0\0\x01"
_GROUP_LENGTH: Final = Struct("<HH2sHL")
_HEAD: Final = Struct("<HH2sH")
_LONG: Final = Struct("<L")
_LONGEST_UID: Final = 64
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the head of a file says of its dataset.

    Parameters
    ----------
    length
        Bytes of the head: the dataset begins there.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    length: int


def encode(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble, prefix and group 0002 for a dataset that follows as it is.

    Raises
    ------
    ValueError
        If a UID is longer than 64 characters or not ASCII.
    """
    body = b"".join(
        (
            _VERSION,
            _uid(0x0002, sop_class_uid),
            _uid(0x0003, sop_instance_uid),
            _uid(0x0010, transfer_syntax_uid),
            _uid(0x0012, IMPLEMENTATION_CLASS_UID),
            _text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii"), b" "),
        )
    )
    return _PREFIX + _GROUP_LENGTH.pack(2, 0, b"UL", 4, len(body)) + body


def parse(source: BinaryIO | bytes) -> FileMeta:
    """Read the head of a Part-10 file; a file is left at the beginning of its dataset.

    Raises
    ------
    MalformedDataset
        If preamble, prefix, group length or one of the three UIDs is missing or broken.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    first = file.read(len(_PREFIX) + _GROUP_LENGTH.size)
    if first[128:132] != b"DICM" or len(first) < len(_PREFIX) + _GROUP_LENGTH.size:
        raise MalformedDataset("file-meta-malformed")
    group, number, vr, _size, length = _GROUP_LENGTH.unpack_from(first, len(_PREFIX))
    if (group, number, vr) != (2, 0, b"UL") or length > _LARGEST:
        raise MalformedDataset("file-meta-malformed")
    values = _values(file.read(length), length)
    try:
        sop_class, sop_instance, syntax = (
            values[key].rstrip(b" \0").decode("ascii") for key in (0x0002, 0x0003, 0x0010)
        )
    except (KeyError, UnicodeDecodeError) as missing:
        raise MalformedDataset("file-meta-malformed") from missing
    return FileMeta(sop_class, sop_instance, syntax, len(first) + length)


def _values(body: bytes, length: int) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    position = 0
    if len(body) != length:
        raise MalformedDataset("file-meta-malformed")
    try:
        while position < length:
            _group, number, vr, size = _HEAD.unpack_from(body, position)
            position += 8
            if vr in {b"OB", b"UN", b"UR", b"UT"}:
                size = _LONG.unpack_from(body, position)[0]
                position += 4
            values[number] = body[position : position + size]
            position += size
    except error as broken:
        raise MalformedDataset("file-meta-malformed") from broken
    return values


def _uid(number: int, uid: str) -> bytes:
    value = uid.encode("ascii")
    if len(value) > _LONGEST_UID:
        raise ValueError("a UID has at most 64 characters (PS3.5 §9)")
    return _text(number, b"UI", value, b"\0")


def _text(number: int, vr: bytes, value: bytes, padding: bytes) -> bytes:
    value += padding * (len(value) % 2)
    return _HEAD.pack(2, number, vr, len(value)) + value

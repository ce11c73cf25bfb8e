"""A ZIP from a stranger: what it claims is checked before anything of it is unpacked."""

from __future__ import annotations

import os
import struct
import zipfile
from typing import BinaryIO, Final

from petfectior.errors import Rejected

MOST_FILES: Final = 20_000
LARGEST_FILE: Final = 256 << 20
"""Bytes of one file, unpacked: it is held in memory while it is sent."""
LARGEST_WHOLE: Final = 8 << 30
"""Bytes of all files, unpacked."""
LARGEST_DIRECTORY: Final = 8 << 20
"""Bytes of the ZIP's directory, which is read as a whole."""
PACKINGS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_END: Final = struct.Struct("<4s4H2LH")
_COMMENT: Final = 1 << 16
_BESIDE: Final = "__MACOSX/"


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """Open a ZIP whose directory is of a sane size. Raises `Rejected` if it is none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _COMMENT))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise Rejected("upload-not-zip")
    if _END.unpack_from(tail, place)[5] > LARGEST_DIRECTORY:
        raise Rejected("upload-too-many", limit=MOST_FILES)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise Rejected("upload-not-zip") from error


def files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of a ZIP, in its order.

    A file is never unpacked beyond the size that it claims, so the claims are the bound.

    Raises
    ------
    Rejected
        ``upload-too-many``, ``upload-names-twice`` or ``upload-unpacks-too-large``.
    """
    found = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith(_BESIDE)]
    if len(found) > MOST_FILES:
        raise Rejected("upload-too-many", limit=MOST_FILES)
    if len({one.filename for one in found}) != len(found):
        raise Rejected("upload-names-twice")
    if sum(one.file_size for one in found) > LARGEST_WHOLE:
        raise Rejected("upload-unpacks-too-large", limit=LARGEST_WHOLE >> 30)
    return found


def fault(one: zipfile.ZipInfo) -> str | None:
    """Return the reason code why a file is not looked at, or None."""
    if one.flag_bits & 1:
        return "upload-encrypted"
    if one.compress_type not in PACKINGS:
        return "upload-packing-unknown"
    return "upload-file-too-large" if one.file_size > LARGEST_FILE else None

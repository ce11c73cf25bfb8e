"""A blob as a seekable file: what is read is fetched, a range at a time; nothing is copied to disk."""

from __future__ import annotations

import io
import os
from typing import BinaryIO, Final, cast

from petfectior.ports import BlobStore
from petfectior.task import Blob

AHEAD: Final = 1 << 16
"""Bytes that are read at once where less is asked for."""


class _Ranges(io.RawIOBase):
    def __init__(self, blobs: BlobStore, blob: Blob) -> None:
        self._blobs = blobs
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._blob.size}[whence]
        self._position = max(0, begin + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        length = min(len(buffer), self._blob.size - self._position)
        if length <= 0:
            return 0
        with self._blobs.read(self._blob.key, self._position, length) as source:
            data = source.read(length)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def opened(blobs: BlobStore, blob: Blob) -> BinaryIO:
    """Return the blob as a file to seek and read in. Reading raises `NotFound` if it is gone."""
    return cast("BinaryIO", io.BufferedReader(_Ranges(blobs, blob), AHEAD))

"""A dataset while it arrives: checksums run along, and what is long goes to a file that has no name."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

from petfectior.dicom import file_meta, part_file
from petfectior.dicom.command_set import StoreRequest
from petfectior.dicom.tag_walker import Encoded
from services.scp import pdu
from services.scp.connection import PeerSilent

IN_MEMORY: Final = 640 << 10
"""Bytes of a dataset that is held in memory: a 16-bit slice of 512² with its header."""
FIRST_BUFFER: Final = 160 << 10
MOST_FRAGMENTS: Final = 4096
"""Fragments that any dataset may have; and one more for each `FRAGMENT_BYTES` that it holds."""
FRAGMENT_BYTES: Final = 512
SLOWEST: Final = 4096
"""Bytes in a second, on average over a dataset, once `pdu_seconds` are over."""


class Incoming:
    """One dataset at a time of one association.

    Parameters
    ----------
    folder
        Where a long dataset lies meanwhile.
    seconds
        Longest time for a dataset, beyond what its size takes at `SLOWEST`.

    Attributes
    ----------
    size
        Bytes that came.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._buffer = bytearray(FIRST_BUFFER)
        self._view = memoryview(self._buffer)
        self._descriptor = -1
        self._kept = True
        self._start(b"", 0, keep=False)

    def begin(self, request: StoreRequest, syntax_uid: str, longest: int, *, keep: bool) -> None:
        """Begin a dataset.

        Parameters
        ----------
        longest
            Bytes; a longer dataset is received, and not kept.
        keep
            Whether it is kept at all.
        """
        meta = file_meta.encode(request.sop_class_uid, request.sop_instance_uid, syntax_uid)
        self._start(meta, longest, keep=keep)

    def _start(self, meta: bytes, longest: int, *, keep: bool) -> None:
        self.end()
        self.size = self._fragments = self._filled = 0
        self._longest, self._kept = longest, keep
        self._crc, self._digest = crc32(meta), hashlib.sha256()
        self._began = time.monotonic()

    def place(self, size: int) -> memoryview:
        """Return where the next fragment is to be put; at most `services.scp.pdu.LONGEST_PDU` bytes."""
        if self._descriptor >= 0 or not self._kept:
            return self._view[:size]
        if self._filled + size > len(self._buffer):
            if self._filled + size > IN_MEMORY:
                self._spill()
                return self.place(size)
            self._grow()
        return self._view[self._filled : self._filled + size]

    def take(self, size: int) -> None:
        """Count what was put there.

        Raises
        ------
        services.scp.pdu.ProtocolError, services.scp.connection.PeerSilent
            If it came in too many fragments, or too slowly.
        """
        self._fragments += 1
        self.size += size
        if self._fragments > MOST_FRAGMENTS + self.size // FRAGMENT_BYTES:
            raise pdu.ProtocolError("too-many-fragments")
        if time.monotonic() - self._began > self._seconds + self.size / SLOWEST:
            raise PeerSilent
        self._kept = self._kept and self.size <= self._longest
        if not self._kept:
            return
        start = 0 if self._descriptor >= 0 else self._filled
        fragment = self._view[start : start + size]
        self._crc = crc32(fragment, self._crc)
        self._digest.update(fragment)
        if self._descriptor >= 0:
            self._write(fragment)
        else:
            self._filled += size

    @property
    def kept(self) -> bool:
        """Tell whether the whole dataset is here."""
        return self._kept

    @property
    def digest(self) -> str:
        """SHA-256 of the dataset, hexadecimal."""
        return self._digest.hexdigest()

    def content(self) -> part_file.Checked:
        """Return the dataset as a part takes it; valid until the next one begins."""
        if self._descriptor >= 0:
            return part_file.Checked(part_file.InFile(self._descriptor, self.size), self._crc)
        return part_file.Checked(self._view[: self._filled], self._crc)

    @contextlib.contextmanager
    def bytes(self) -> Iterator[Encoded]:
        """Yield the dataset for reading; of a long one only what is looked at is brought to memory."""
        if self._descriptor < 0:
            yield self._view[: self._filled]
            return
        with mmap.mmap(self._descriptor, self.size, prot=mmap.PROT_READ) as mapped:
            yield mapped

    def end(self) -> None:
        """Forget the dataset."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _grow(self) -> None:
        larger = bytearray(IN_MEMORY)
        larger[: self._filled] = self._view[: self._filled]
        self._buffer, self._view = larger, memoryview(larger)

    def _spill(self) -> None:
        try:
            self._descriptor = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            self._kept = False
            return
        self._write(self._view[: self._filled])

    def _write(self, data: memoryview) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:  # the disk is full: the rest is received, and the sender told
            self._kept = False
            self.end()

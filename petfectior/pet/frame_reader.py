"""Reads a Blosc2 contiguous frame that a peer sent, believing no length before it has checked it.

Only the frame's header, its chunk offsets and each chunk's own header are trusted, after they agree with what
was asked for; one chunk is decompressed at a time into a buffer of the checked size. Metadata layers, where
Blosc2 containers may carry Python objects, are never looked at. Layout: c-blosc2, README_CFRAME_FORMAT and
README_CHUNK_FORMAT.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import blosc2

from petfectior.errors import Quarantined

LARGEST_CHUNK: Final = 64 << 20
_HEADER: Final = struct.Struct(">2s8sci c Q 5s c q c q c i c i c i".replace(" ", ""))
_CHUNK_HEADER: Final = struct.Struct("<4B3i16s")
_CHUNK_HEADER_SIZE: Final = 32
_MAGIC: Final = b"b2frame\0"
_SPECIAL: Final = 1 << 63
_ZEROS: Final = 1
_OVERHEAD: Final = 4096
"""More than a chunk that does not compress grows by (its header and one offset per block)."""


@dataclass(frozen=True)
class Layout:
    """Checked lengths of a frame, all in bytes."""

    size: int
    header: int
    data: int
    chunk: int
    total: int

    @property
    def count(self) -> int:
        """Number of chunks."""
        return -(-self.total // self.chunk)

    def length(self, index: int) -> int:
        """Return the uncompressed length of one chunk."""
        return min(self.chunk, self.total - index * self.chunk)


def layout(path: Path, expected: int, itemsize: int) -> Layout:
    """Check a frame's header against the file and against what was asked for.

    Raises
    ------
    Quarantined
        ``block-not-a-frame``, ``block-length-wrong`` or ``block-dtype-wrong``.
    """
    with path.open("rb") as file:
        raw = file.read(_HEADER.size)
        size = file.seek(0, 2)
    if len(raw) < _HEADER.size:
        raise Quarantined("block-not-a-frame")
    fields = _HEADER.unpack(raw)
    magic, header, total_size = fields[1], fields[3], fields[5]
    total, data, typesize, chunk = fields[8], fields[10], fields[12], fields[16]
    if magic != _MAGIC or total_size != size or not _HEADER.size <= header <= size:
        raise Quarantined("block-not-a-frame")
    if total != expected:
        raise Quarantined("block-length-wrong", expected=expected, received=total)
    if typesize != itemsize:
        raise Quarantined("block-dtype-wrong")
    if not 0 < chunk <= LARGEST_CHUNK or not 0 <= data <= size - header:
        raise Quarantined("block-not-a-frame")
    return Layout(size, header, data, chunk, total)


def chunks(path: Path, expected: int, itemsize: int) -> Iterator[memoryview]:
    """Yield the uncompressed chunks of a frame, one at a time, each in memory of its own.

    Raises
    ------
    Quarantined
        If the frame is not what its header and ours say, or a chunk does not decompress.
    """
    frame = layout(path, expected, itemsize)
    with path.open("rb") as file:
        for index, offset in enumerate(_offsets(file, frame)):
            length = frame.length(index)
            if offset >= _SPECIAL:
                yield _run(offset, length)
            elif offset >= frame.data:
                raise Quarantined("block-chunk-damaged")
            else:
                yield _chunk(file, frame.header + offset, frame.header + frame.data, length)


def _offsets(file: BinaryIO, frame: Layout) -> tuple[int, ...]:
    begin = frame.header + frame.data
    raw = _chunk(file, begin, frame.size, frame.count * 8)
    return struct.unpack(f"<{frame.count}Q", raw)


def _run(offset: int, length: int) -> memoryview:
    """Return a chunk that the index alone describes; only a run of zeros is a sane one here."""
    if (offset >> 56) & 0x7F != _ZEROS:
        raise Quarantined("block-chunk-damaged")
    return memoryview(bytes(length))


def _chunk(file: BinaryIO, begin: int, end: int, length: int) -> memoryview:
    file.seek(begin)
    head = file.read(_CHUNK_HEADER_SIZE)
    if len(head) < _CHUNK_HEADER_SIZE:
        raise Quarantined("block-chunk-damaged")
    nbytes, cbytes = _CHUNK_HEADER.unpack(head)[4], _CHUNK_HEADER.unpack(head)[6]
    fits = _CHUNK_HEADER_SIZE <= cbytes <= min(end - begin, length + length // 8 + _OVERHEAD)
    if nbytes != length or not fits:
        raise Quarantined("block-chunk-damaged")
    compressed = head + file.read(cbytes - _CHUNK_HEADER_SIZE)
    if len(compressed) != cbytes:
        raise Quarantined("block-chunk-damaged")
    return _decompress(compressed, length)


def _decompress(compressed: bytes, length: int) -> memoryview:
    buffer = bytearray(length)
    try:
        blosc2.decompress2(compressed, dst=buffer, nthreads=1)
    except (RuntimeError, ValueError, TypeError):
        raise Quarantined("block-chunk-damaged") from None
    return memoryview(buffer).toreadonly()

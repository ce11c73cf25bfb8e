"""Writes a Blosc2 contiguous frame, the counterpart of `petfectior.pet.frame_reader`.

The chunks are Blosc2's own; only the frame around them is put together here, from what the library writes for
an empty one. The library's own file frames are opened and closed again and again for each chunk and compress
their index with four threads: more work than the chunks of a small series. Layout: c-blosc2,
README_CFRAME_FORMAT.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import blosc2

BLOCK: Final = 256 << 10
"""Bytes that are shuffled together: each of the two streams of a 16-bit block is a zstd block of 128 KiB."""
_SIZE: Final = struct.Struct(">Q")
_LENGTH: Final = struct.Struct(">q")
_CHUNK: Final = struct.Struct(">i")
_SIZE_AT: Final = 16
_BYTES_AT: Final = 30
_STORED_AT: Final = 39
_CHUNK_AT: Final = 58
_KIND_AT, _KIND, _ZEROS = 31, 0x70, 0x10
"""Where and how a chunk says that it holds nothing but zeros."""
_RUN_OF_ZEROS: Final = 0x81 << 56
"""What then stands in the index, in place of the chunk."""


class _Empty(NamedTuple):
    """What stands before and behind the chunks."""

    header: bytes
    trailer: bytes


def write(path: Path, chunks: Iterable[memoryview], chunk_size: int, itemsize: int) -> None:
    """Write a frame; the same bytes for the same chunks.

    Parameters
    ----------
    path
        File to write; replaced if it is there.
    chunks
        Each of `chunk_size` bytes; the last may be shorter. Each is done with when the next is taken.
    itemsize
        Bytes of one value: what is shuffled.
    """
    empty = _empty(itemsize)
    offsets: list[int] = []
    total = 0
    with path.open("wb") as file:
        file.write(empty.header)
        for chunk in chunks:
            compressed = _compressed(chunk, itemsize)
            zeros = compressed[_KIND_AT] & _KIND == _ZEROS
            offsets.append(_RUN_OF_ZEROS if zeros else file.tell() - len(empty.header))
            total += len(chunk)
            file.write(b"" if zeros else compressed)
        stored = file.tell() - len(empty.header)
        file.write(_compressed(struct.pack(f"<{len(offsets)}Q", *offsets), _LENGTH.size))
        file.write(empty.trailer)
        size = file.tell()
        file.seek(0)
        file.write(_header(empty.header, size, total, stored, chunk_size))


def _header(empty: bytes, size: int, total: int, stored: int, chunk_size: int) -> bytes:
    header = bytearray(empty)
    _SIZE.pack_into(header, _SIZE_AT, size)
    _LENGTH.pack_into(header, _BYTES_AT, total)
    _LENGTH.pack_into(header, _STORED_AT, stored)
    _CHUNK.pack_into(header, _CHUNK_AT, chunk_size)
    return bytes(header)


def _compressed(data: bytes | memoryview, itemsize: int) -> bytes:
    return bytes(blosc2.compress2(data, **_parameters(itemsize)))


def _parameters(itemsize: int) -> dict[str, object]:
    return {
        "codec": blosc2.Codec.ZSTD,
        "clevel": 1,
        "typesize": itemsize,
        "nthreads": 1,
        "filters": [blosc2.Filter.SHUFFLE],
        "filters_meta": [0],
        "blocksize": BLOCK,
    }


@lru_cache
def _empty(itemsize: int) -> _Empty:
    frame = blosc2.SChunk(contiguous=True, cparams=blosc2.CParams(**_parameters(itemsize))).to_cframe()
    length = struct.unpack_from(">i", frame, 11)[0]
    return _Empty(frame[:length], frame[length:])

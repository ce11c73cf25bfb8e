"""The voxel block: a C-ordered little-endian array, written and read one slice at a time.

Encoding ``blosc2`` is a Blosc2 contiguous frame of 16 MiB chunks (shuffle, zstd level 1), compressed by one
thread, so that equal input gives equal bytes. Encoding ``none`` is the array's bytes. A frame is read by
`petfectior.pet.frame_reader`, which believes no length before it has checked it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from petfectior.errors import Quarantined
from petfectior.pet import frame_reader, frame_writer

CHUNK: Final = 16 << 20
DTYPES: Final = ("int16", "uint16", "float32")
Encoding = Literal["blosc2", "none"]
Slice = NDArray[np.generic]
_KEPT: Final[list[NDArray[np.uint8]]] = []


def write(path: Path, slices: Iterable[Slice], shape: tuple[int, ...], dtype: str, encoding: Encoding) -> int:
    """Write a block with bounded memory.

    Parameters
    ----------
    path
        File to write; replaced if it is there.
    slices
        2-D arrays of ``shape[-2:]`` in the block's C order.
    shape
        (z, y, x) or (t, z, y, x).
    dtype
        One of `DTYPES`.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    ValueError
        If a slice has another shape or dtype, or there are more or fewer than `shape` says.
    """
    pieces = _pieces(slices, shape, dtype)
    if encoding == "none":
        with path.open("wb") as file:
            file.writelines(pieces)
    else:
        frame_writer.write(path, _chunks(pieces), CHUNK, np.dtype(dtype).itemsize)
    return path.stat().st_size


def read(path: Path, shape: tuple[int, ...], dtype: str, encoding: str) -> Iterator[Slice]:
    """Yield the slices of a block, read-only, in C order, with bounded memory: a kept slice keeps its chunk.

    Parameters
    ----------
    path
        A block as the peer sent it: every byte of it may be hostile.
    shape, dtype, encoding
        What *we* asked for; the file must agree.

    Raises
    ------
    Quarantined
        ``block-…`` if the file is not exactly such a block.
    """
    check(path, shape, dtype, encoding)
    kind = little(dtype)
    size = math.prod(shape[-2:]) * kind.itemsize
    for plane in _planes(_decoded(path, shape, dtype, encoding), size):
        yield np.frombuffer(plane, kind).reshape(shape[-2:])


def check(path: Path, shape: tuple[int, ...], dtype: str, encoding: str) -> None:
    """Check what the file says of itself against what we asked for; decompresses no voxel.

    Raises
    ------
    Quarantined
        With the code of the check that failed.
    """
    if encoding not in {"blosc2", "none"}:
        raise Quarantined("block-encoding-unknown")
    if dtype not in DTYPES:
        raise Quarantined("block-dtype-unknown")
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if encoding == "none":
        if path.stat().st_size != expected:
            raise Quarantined("block-length-wrong", expected=expected, received=path.stat().st_size)
        return
    frame_reader.layout(path, expected, np.dtype(dtype).itemsize)


def little(dtype: str) -> np.dtype[np.generic]:
    """Return the little-endian numpy dtype of a block's DataType."""
    return np.dtype(dtype).newbyteorder("<")


def _planes(chunks: Iterable[memoryview], size: int) -> Iterator[memoryview]:
    """Yield `size` bytes after the other: views of a chunk, but for what lies across two."""
    begun = bytearray()
    for chunk in chunks:
        first = size - len(begun) if begun else 0
        begun += chunk[:first]
        if begun and len(begun) == size:
            yield memoryview(begun).toreadonly()
            begun = bytearray()
        whole = max(0, len(chunk) - first) // size * size
        for at in range(first, first + whole, size):
            yield chunk[at : at + size]
        begun += chunk[first + whole :]


def _decoded(path: Path, shape: tuple[int, ...], dtype: str, encoding: str) -> Iterator[memoryview]:
    if encoding == "none":
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield memoryview(piece)
        return
    itemsize = np.dtype(dtype).itemsize
    yield from frame_reader.chunks(path, math.prod(shape) * itemsize, itemsize)


def _pieces(slices: Iterable[Slice], shape: tuple[int, ...], dtype: str) -> Iterator[memoryview]:
    kind = little(dtype)
    count = 0
    for count, one in enumerate(slices, start=1):  # noqa: B007 - counted after the loop
        if one.shape != tuple(shape[-2:]) or one.dtype != kind:
            raise ValueError("slice does not fit the block")
        yield np.ascontiguousarray(one).data.cast("B")
    if count != math.prod(shape[:-2]):
        raise ValueError("number of slices does not fit the block")


def _chunks(pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    """Yield chunks out of one buffer that is filled again and again."""
    with _buffer() as buffer:
        filled = 0
        for piece in pieces:
            taken = 0
            while taken < len(piece):
                step = min(CHUNK - filled, len(piece) - taken)
                buffer[filled : filled + step] = piece[taken : taken + step]
                taken, filled = taken + step, filled + step
                if filled == CHUNK:
                    yield buffer
                    filled = 0
        if filled:
            yield buffer[:filled]


@contextmanager
def _buffer() -> Iterator[memoryview]:
    """Lend a chunk's memory and keep it: to fault its pages in takes a fifth of the time of compression."""
    try:
        memory = _KEPT.pop()
    except IndexError:
        memory = np.empty(CHUNK, np.uint8)
    try:
        yield memory.data
    finally:
        _KEPT.append(memory)

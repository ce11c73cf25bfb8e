"""The stored values of one encoded dataset.

Native pixel data is viewed as it lies in the file. Compressed pixel data goes through pydicom's decoders
with GDCM; the GPL plug-in pylibjpeg-libjpeg is never used. An icon image has a PixelData of its own: only the
top-level one counts.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from petfectior.dicom import tag_walker
from petfectior.errors import Rejected

PIXEL_DATA: Final = 0x7FE00010
ROWS, COLUMNS, SAMPLES, FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
ALLOCATED, STORED, HIGH_BIT, SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_HEAD: Final = frozenset({ROWS, COLUMNS, SAMPLES, ALLOCATED, STORED, HIGH_BIT, SIGNED, PIXEL_DATA})
_NATIVE: Final = frozenset(
    {
        tag_walker.IMPLICIT_VR_LITTLE_ENDIAN,
        tag_walker.EXPLICIT_VR_LITTLE_ENDIAN,
        tag_walker.EXPLICIT_VR_BIG_ENDIAN,
    }
)
_PLUGINS: Final = ("gdcm", "pydicom")
_WIDTHS: Final = (8, 16, 32)

Plane = NDArray[np.integer]


@dataclass(frozen=True)
class Layout:
    """How the values of one native, single-sample frame are written (PS3.5 §8.1.1); one serves a series."""

    rows: int
    columns: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    big: bool = False

    @cached_property
    def size(self) -> int:
        """Bytes of one frame."""
        return self.rows * self.columns * self.allocated // 8

    @cached_property
    def kind(self) -> np.dtype[np.integer]:
        """Type of the values as they are written."""
        order = ">" if self.big else "<"
        return np.dtype(f"{order}{'i' if self.signed else 'u'}{self.allocated // 8}")

    def check(self, length: int, frames: int = 1) -> None:
        """Check the length of a PixelData value; one byte of padding is no part of it.

        Raises
        ------
        Rejected
            ``pixels-length-wrong``.
        """
        expected = self.size * frames
        if length not in {expected, expected + expected % 2}:
            raise Rejected("pixels-length-wrong", expected=expected, found=length)

    def plane(self, raw: bytes) -> Plane:
        """Return the stored values of one frame: (rows, columns), in native byte order."""
        if self.big and self.allocated == 8:  # noqa: PLR2004 - bits
            raw = _swapped(raw)
        plane = np.frombuffer(raw, self.kind, self.rows * self.columns).reshape(self.rows, self.columns)
        if self.big:
            plane = plane.astype(self.kind.newbyteorder("="))
        return _within(plane, self.allocated, self.stored, self.high_bit)


def is_native(syntax_uid: str) -> bool:
    """Tell whether pixels of the transfer syntax lie in the dataset as they are."""
    return syntax_uid in _NATIVE


def stored_values(dataset: bytes, syntax_uid: str) -> Plane:
    """Return the stored values of a single-frame, single-sample image.

    Parameters
    ----------
    dataset
        Encoded dataset without file meta information.
    syntax_uid
        Its transfer syntax.

    Returns
    -------
    numpy.ndarray
        (rows, columns), in native byte order, of the width and signedness that the header states; bits
        outside BitsStored are not part of a value (PS3.5 §8.1.1).

    Raises
    ------
    Rejected
        ``pixels-missing``, ``pixels-unsupported``, ``pixels-length-wrong`` or ``pixels-undecodable``.
    """
    head = tag_walker.read(dataset, syntax_uid, _HEAD)
    if PIXEL_DATA not in head:
        raise Rejected("pixels-missing")
    if not is_native(syntax_uid):
        return _decoded(dataset, syntax_uid)
    layout = _layout(head, big=tag_walker.is_big_endian(syntax_uid))
    layout.check(len(head[PIXEL_DATA]))
    return layout.plane(head[PIXEL_DATA])


def _layout(head: dict[int, bytes], *, big: bool) -> Layout:
    order = ">" if big else "<"
    rows, columns = _short(head, ROWS, order), _short(head, COLUMNS, order)
    allocated = _short(head, ALLOCATED, order)
    if allocated not in _WIDTHS or _short(head, SAMPLES, order, 1) != 1 or not rows or not columns:
        raise Rejected("pixels-unsupported", bits=allocated)
    stored = _short(head, STORED, order, allocated)
    high_bit = _short(head, HIGH_BIT, order, stored - 1)
    return Layout(rows, columns, allocated, stored, high_bit, _short(head, SIGNED, order) == 1, big)


def _swapped(raw: bytes) -> bytes:
    """Return 8-bit values in order: OW swaps each pair in big-endian (PS3.5 §8.1.2)."""
    even = raw[: len(raw) // 2 * 2]
    return np.frombuffer(even, np.uint16).byteswap().tobytes()


def _within(plane: Plane, allocated: int, stored: int, high: int) -> Plane:
    """Return values without the bits that are none of theirs, the sign extended."""
    if stored == allocated and high == allocated - 1:
        return plane
    if not (0 < stored <= allocated and stored - 1 <= high < allocated):
        raise Rejected("pixels-unsupported", bits=stored)
    return (plane << (allocated - 1 - high)) >> (allocated - stored)


def _decoded(dataset: bytes, syntax_uid: str) -> Plane:
    decoder = get_decoder(UID(syntax_uid))
    plugin = next((name for name in _PLUGINS if name in decoder.available_plugins), None)
    if plugin is None:
        raise Rejected("pixels-undecodable")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plane = pixel_array(_parsed(dataset, syntax_uid), raw=True, decoding_plugin=plugin)
    except Exception as error:  # decoders raise anything on hostile data
        raise Rejected("pixels-undecodable") from error
    if plane.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise Rejected("pixels-unsupported", bits=plane.dtype.itemsize * 8)
    return plane


def _parsed(dataset: bytes, syntax_uid: str) -> Dataset:
    parsed = read_dataset(io.BytesIO(dataset), is_implicit_VR=False, is_little_endian=True)
    parsed.file_meta = FileMetaDataset()
    parsed.file_meta.TransferSyntaxUID = UID(syntax_uid)
    return parsed


def _short(head: dict[int, bytes], tag: int, order: str, default: int = 0) -> int:
    raw = head.get(tag, b"")
    return int(struct.unpack_from(f"{order}H", raw)[0]) if len(raw) >= 2 else default  # noqa: PLR2004

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

from petfectior.dicom.pixels import stored_values
from petfectior.errors import Rejected
from tests.unit.pet import series


def image(values: np.ndarray, *, stored: int = 16) -> Dataset:
    made = Dataset()
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns = values.shape
    made.BitsAllocated = values.dtype.itemsize * 8
    made.BitsStored, made.HighBit = stored, stored - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.BitsAllocated = 8
    icon.add_new(0x7FE00010, "OB", b"\1\2\3\4")
    made.IconImageSequence = [icon]
    made.add_new(0x7FE00010, "OW", values.tobytes())
    return made


def encoded(made: Dataset, syntax: str) -> bytes:
    file = DicomBytesIO()
    file.is_little_endian = syntax != ExplicitVRBigEndian
    file.is_implicit_VR = syntax == ImplicitVRLittleEndian
    write_dataset(file, made)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["int16", "uint16"])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_native_values_come_as_they_lie_and_the_icon_is_not_taken(kind: str, syntax: str) -> None:
    values = np.array([[1, 2, 3], [40000, 5, 65535]], np.uint16).astype(kind)
    stored = stored_values(encoded(image(values), syntax), syntax)
    assert stored.dtype == values.dtype
    assert np.array_equal(stored, values)


def test_big_endian_values_are_swapped() -> None:
    values = np.array([[1, -2, 300]], np.int16)
    made = image(values)
    made.PixelData = values.astype(">i2").tobytes()
    del made.IconImageSequence
    stored = stored_values(encoded(made, ExplicitVRBigEndian), ExplicitVRBigEndian)
    assert np.array_equal(stored, values)
    assert stored.dtype.isnative


def test_bits_that_are_not_stored_are_no_part_of_a_value() -> None:
    values = np.array([[0x0FFF, 0x7800]], np.int16)
    stored = stored_values(encoded(image(values, stored=12), ExplicitVRLittleEndian), ExplicitVRLittleEndian)
    assert stored.tolist() == [[-1, -2048]]


@pytest.mark.parametrize("name", ["MR_small_RLE", "MR_small_jpeg_ls_lossless", "MR_small_jp2klossless"])
def test_compressed_values_are_those_of_the_uncompressed_file(name: str, shared_data: Path) -> None:
    folder = shared_data / "dicom/odd_transfer_syntaxes"
    _, _, syntax, dataset = series.from_file(folder / f"{name}.dcm")
    _, _, plain_syntax, plain = series.from_file(folder / "MR_small.dcm")
    assert np.array_equal(stored_values(dataset, syntax), stored_values(plain, plain_syntax))


def test_real_jpeg_lossless_slice_is_decoded(shared_data: Path) -> None:
    _, _, syntax, dataset = _jpeg_lossless(shared_data)
    values = stored_values(dataset, syntax)
    # GE scales every slice so that its largest value is just below 32767.
    assert (values.shape, values.dtype, values.min()) == ((128, 128), np.int16, 0)
    assert 32000 < values.max() <= 32767


def test_truncated_pixels_are_refused() -> None:
    made = image(np.zeros((4, 4), np.int16))
    made.PixelData = bytes(8)
    with pytest.raises(Rejected, match="pixels-length-wrong"):
        stored_values(encoded(made, ExplicitVRLittleEndian), ExplicitVRLittleEndian)


def test_missing_pixels_are_refused() -> None:
    made = image(np.zeros((4, 4), np.int16))
    del made.PixelData
    with pytest.raises(Rejected, match="pixels-missing"):
        stored_values(encoded(made, ExplicitVRLittleEndian), ExplicitVRLittleEndian)


def test_pixels_that_do_not_decode_are_refused(shared_data: Path) -> None:
    _, _, syntax, dataset = _jpeg_lossless(shared_data)
    start = dataset.rindex(b"\xff\xd8\xff")
    broken = dataset[:start] + bytes(len(dataset) - start - 8) + dataset[-8:]
    with pytest.raises(Rejected, match="pixels-undecodable"):
        stored_values(broken, syntax)


def _jpeg_lossless(shared_data: Path) -> series.Encoded:
    found = series.from_folder(shared_data / "dicom/pet_single_slices")
    return next(one for one in found if one[2] == JPEGLosslessSV1)

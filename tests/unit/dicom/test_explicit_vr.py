"""Conversion to Explicit VR Little Endian against pydicom's own, on every shared series."""

from __future__ import annotations

import contextlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from petfectior.dicom import explicit_vr, file_meta, implicit_vr
from petfectior.dicom.tag_walker import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    MalformedDataset,
    elements,
)

PET_SERIES = [
    "pet_ge_discovery_st_wb",
    "pet_nema_iq_phantom_minimal",
    "pet_suv_gml_crop_sts001",
    "ct_ge_crop_sts001",
    "derived_siemens_header_phantom",
    "pet_single_slices",
    "odd_charsets",
]


def encoded(dataset: Dataset, *, implicit: bool, little: bool = True) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def split(path: Path) -> tuple[file_meta.FileMeta, bytes]:
    raw = path.read_bytes()
    meta = file_meta.parse(raw)
    return meta, raw[meta.length :]


def files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return found[:: max(1, len(found) // 20)]


@pytest.mark.parametrize("series", PET_SERIES)
def test_converted_dataset_reads_as_the_original_does(shared_data: Path, series: str) -> None:
    converter = explicit_vr.Converter()
    checked = 0
    for path in files(shared_data / "dicom" / series):
        meta, dataset = split(path)
        converted = converter.convert(dataset, meta.transfer_syntax_uid)
        assert list(elements(converted, EXPLICIT_VR_LITTLE_ENDIAN))
        ours = dcmread(BytesIO(file_meta.encode("1.2", "1.2", EXPLICIT_VR_LITTLE_ENDIAN) + converted))
        theirs = dcmread(path)
        for element in theirs:  # decodes every element, ambiguous VRs included
            if meta.transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN:
                assert _settled(theirs, element.tag) == ours[element.tag].VR, element.tag
            assert ours[element.tag].value == element.value or element.VR in {"OW", "OB", "SQ"}
        assert ours == theirs or meta.transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
        checked += 1
    assert checked


@pytest.mark.parametrize("series", ["derived_siemens_header_phantom", "pet_single_slices"])
def test_explicit_survives_the_way_through_implicit(shared_data: Path, series: str) -> None:
    converter = explicit_vr.Converter()
    checked = 0
    for path in files(shared_data / "dicom" / series):
        meta, dataset = split(path)
        if meta.transfer_syntax_uid != EXPLICIT_VR_LITTLE_ENDIAN:
            continue
        implicit = implicit_vr.from_explicit(dataset)
        back = converter.convert(implicit, IMPLICIT_VR_LITTLE_ENDIAN)
        assert implicit_vr.from_explicit(back) == implicit
        ours, theirs = parsed(implicit, IMPLICIT_VR_LITTLE_ENDIAN), dcmread(path)
        assert {one.tag for one in ours} == {one.tag for one in theirs}
        assert ours.PixelData == theirs.PixelData
        checked += 1
    assert checked


@pytest.mark.parametrize(
    "series", ["derived_siemens_header_phantom", "pet_suv_gml_crop_sts001", "pet_ge_discovery_st_wb"]
)
def test_big_endian_turns_into_what_pydicom_makes_of_it(shared_data: Path, series: str) -> None:
    for path in files(shared_data / "dicom" / series)[:5]:
        original = dcmread(path)
        for one in list(original):
            one.VR  # noqa: B018 - decodes the element, so that pydicom can encode it anew
        original.PixelData = original.pixel_array.astype(">i2").tobytes()
        big = encoded(original, implicit=False, little=False)
        little = explicit_vr.Converter().convert(big, EXPLICIT_VR_BIG_ENDIAN)
        ours, theirs = parsed(little, EXPLICIT_VR_LITTLE_ENDIAN), dcmread(path)
        assert np.array_equal(np.frombuffer(ours.PixelData, "<i2"), theirs.pixel_array.ravel())
        for one in theirs:
            if one.keyword != "PixelData" and not one.tag.is_private:
                assert ours[one.tag].value == one.value, one.tag


def test_real_big_endian_file_is_read_as_its_little_twin(shared_data: Path) -> None:
    found = 0
    for path in files(shared_data / "dicom" / "odd_transfer_syntaxes"):
        meta, dataset = split(path)
        if meta.transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN:
            continue
        ours = parsed(
            explicit_vr.Converter().convert(dataset, EXPLICIT_VR_BIG_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN
        )
        assert np.array_equal(ours.pixel_array, dcmread(path).pixel_array)
        found += 1
    assert found


def test_truncated_dataset_is_malformed_not_a_crash(shared_data: Path) -> None:
    path = files(shared_data / "dicom" / "pet_ge_discovery_st_wb")[0]
    meta, dataset = split(path)
    for cut in range(1, 4000, 37):
        with contextlib.suppress(MalformedDataset):
            explicit_vr.Converter().convert(dataset[:cut], meta.transfer_syntax_uid)


def test_value_longer_than_its_vr_allows_is_written_as_un() -> None:
    assert explicit_vr.head(0x00101000, b"LO", 0x10000)[4:6] == b"UN"


def parsed(data: bytes, syntax_uid: str) -> Dataset:
    return dcmread(BytesIO(file_meta.encode("1.2", "1.2", syntax_uid) + data))


def _settled(dataset: Dataset, tag: object) -> str:
    element = dataset[tag]
    if element.VR == "US or SS":
        return "SS" if dataset.get("PixelRepresentation") == 1 else "US"
    return "OW" if " or " in element.VR else element.VR

"""Editing encoded headers, and reading them with the last one as a guess."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from petfectior.dicom import file_meta, header
from petfectior.dicom.explicit_vr import Converter
from petfectior.dicom.slice_headers import PIXEL_GROUP, SliceHeaders
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, elements

NAME, PATIENT, STUDY = 0x00100010, 0x00100020, 0x0020000D


def dataset() -> dict[int, bytes]:
    return {
        NAME: header.element(NAME, b"PN", b"A^B"),
        PATIENT: header.element(PATIENT, b"LO", b"ID"),
        STUDY: header.element(STUDY, b"UI", b"1.2.3"),
    }


def never(_tag: int) -> bool:
    return False


def test_untouched_elements_are_copied_byte_for_byte() -> None:
    assert header.edited(dataset(), {}, never) == b"".join(dataset().values())


def test_elements_are_set_replaced_and_dropped_in_order() -> None:
    edits = {
        PATIENT: header.element(PATIENT, b"LO", b"NEW"),
        0x00080060: header.element(0x00080060, b"CS", b"PT"),
        0x00280010: header.element(0x00280010, b"US", b"\x02\x00"),
    }
    edited = header.edited(dataset(), edits, lambda tag: tag == STUDY)
    tags = [one.tag for one in elements(edited, EXPLICIT_VR_LITTLE_ENDIAN)]
    assert tags == [0x00080060, NAME, PATIENT, 0x00280010]
    read = dcmread(BytesIO(file_meta.encode("1.2", "1.2", EXPLICIT_VR_LITTLE_ENDIAN) + edited))
    assert read.PatientID == "NEW"
    assert read.PatientName == "A^B"


@pytest.mark.parametrize(
    ("vr", "value", "padded"), [(b"LO", b"odd", b"odd "), (b"UI", b"1.2", b"1.2\0"), (b"OB", b"a", b"a\0")]
)
def test_values_are_padded_to_even_length(vr: bytes, value: bytes, padded: bytes) -> None:
    assert header.value(header.element(PATIENT, vr, value)) == padded


def test_value_too_long_for_its_vr_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        header.element(PATIENT, b"LO", b"x" * 70000)


def test_sequence_reads_as_its_items() -> None:
    code = header.item({0x00080100: header.element(0x00080100, b"SH", b"121322")})
    encoded = header.sequence(0x0040A170, [code, code])
    read = dcmread(BytesIO(file_meta.encode("1.2", "1.2", EXPLICIT_VR_LITTLE_ENDIAN) + encoded))
    assert [one.CodeValue for one in read.PurposeOfReferenceCodeSequence] == ["121322", "121322"]


@pytest.mark.parametrize(
    "series",
    [
        "pet_ge_discovery_st_wb",
        "derived_siemens_header_phantom",
        "pet_suv_gml_crop_sts001",
        "pet_nema_iq_phantom_minimal",
        "pet_single_slices",
        "ct_ge_crop_sts001",
    ],
)
def test_guessing_from_the_last_slice_changes_nothing(shared_data: Path, series: str) -> None:
    guessing, converter = SliceHeaders(), Converter()
    for path in sorted((shared_data / "dicom" / series).rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        meta = file_meta.parse(raw)
        read = guessing.read(raw[meta.length :], meta.transfer_syntax_uid)
        whole = converter.convert(raw[meta.length :], meta.transfer_syntax_uid)
        expected = {
            one.tag: whole[one.start : one.end]
            for one in elements(whole, EXPLICIT_VR_LITTLE_ENDIAN)
            if one.tag < PIXEL_GROUP
        }
        assert read == expected


def test_private_creator_of_this_slice_counts_not_the_last_ones() -> None:
    def implicit(creator: bytes, representation: bytes) -> bytes:
        parts = [(0x00090010, creator), (0x0009100D, b"20000101"), (0x00280103, representation)]
        parts.append((0x00280106, b"\x01\x00"))
        return b"".join(
            (tag >> 16).to_bytes(2, "little")
            + (tag & 0xFFFF).to_bytes(2, "little")
            + len(value).to_bytes(4, "little")
            + value
            for tag, value in parts
        )

    reader = SliceHeaders()
    first = reader.read(implicit(b"GEMS_PETD_01", b"\x01\x00"), IMPLICIT_VR_LITTLE_ENDIAN)
    second = reader.read(implicit(b"SOMEBODY ELSE", b"\x00\x00")[:], IMPLICIT_VR_LITTLE_ENDIAN)
    assert (first[0x0009100D][4:6], first[0x00280106][4:6]) == (b"DT", b"SS")
    assert (second[0x0009100D][4:6], second[0x00280106][4:6]) == (b"UN", b"US")

"""The walker agrees with pydicom on every real file and never fails in another way than its own."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from petfectior.dicom import file_meta, tag_walker
from petfectior.dicom.tag_walker import MalformedDataset, elements, read

IMPLICIT = tag_walker.IMPLICIT_VR_LITTLE_ENDIAN
EXPLICIT = tag_walker.EXPLICIT_VR_LITTLE_ENDIAN
BIG = tag_walker.EXPLICIT_VR_BIG_ENDIAN
DEFLATED = tag_walker.DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
JPEG = "1.2.840.10008.1.2.4.70"

UNDEFINED = b"\xff\xff\xff\xff"
ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def long(tag: int, vr: bytes, value: bytes, length: bytes | None = None) -> bytes:
    return (
        struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0)
        + (length or struct.pack("<L", len(value)))
        + value
    )


PATIENT = short(0x00100020, b"LO", b"ID 1")
SEQUENCE = long(0x00081140, b"SQ", ITEM + UNDEFINED + PATIENT + ITEM_END + SEQUENCE_END, UNDEFINED)
FRAGMENTS = long(
    0x7FE00010, b"OB", ITEM + b"\0\0\0\0" + ITEM + b"\4\0\0\0\xfe\xff\xdd\xe0" + SEQUENCE_END, UNDEFINED
)
PIXELS = long(0x7FE00010, b"OW", b"\1\2\3\4")


def real_files(shared_data: Path) -> list[Path]:
    folder = shared_data / "dicom"
    cases = ["odd_transfer_syntaxes", "odd_charsets", "pet_single_slices", "derived_siemens_header_phantom"]
    return [path for case in cases for path in sorted((folder / case).rglob("*.dcm"))[:20]]


def test_real_files_have_the_tags_that_pydicom_finds(shared_data: Path) -> None:
    files = real_files(shared_data)
    assert len(files) > 30
    for path in files:
        raw = path.read_bytes()
        meta = file_meta.parse(raw)
        data = raw[meta.length :]
        if meta.transfer_syntax_uid == DEFLATED:
            data = tag_walker.inflated(data)
        walked = list(elements(data, meta.transfer_syntax_uid))
        assert [one.tag for one in walked] == [int(tag) for tag in dict(dcmread(path))], path.name
        assert walked[-1].end == len(data)


def test_real_values_are_those_of_pydicom(shared_data: Path) -> None:
    path = min((shared_data / "dicom" / "pet_ge_discovery_st_wb").rglob("*.dcm"))
    raw = path.read_bytes()
    meta = file_meta.parse(raw)
    values = read(
        raw[meta.length :], meta.transfer_syntax_uid, frozenset({0x00100020, 0x00280010, 0x7FE00010})
    )
    dataset = dcmread(path)
    assert values[0x00100020].decode() == dataset.PatientID
    assert struct.unpack("<H", values[0x00280010])[0] == dataset.Rows
    assert values[0x7FE00010] == dataset.PixelData


def test_every_shortened_real_file_is_malformed_or_ends_between_elements(shared_data: Path) -> None:
    path = next(iter((shared_data / "dicom" / "pet_suv_gml_crop_sts001").rglob("*.dcm")))
    raw = path.read_bytes()
    meta = file_meta.parse(raw)
    data = raw[meta.length :]
    ends = {one.end for one in elements(data, meta.transfer_syntax_uid)}
    for size in range(len(data) - 1):
        try:
            list(elements(data[:size], meta.transfer_syntax_uid))
            assert size in ends or size == 0
        except MalformedDataset:
            assert size not in ends


def test_sequences_and_fragments_are_one_element_each() -> None:
    data = PATIENT + SEQUENCE + FRAGMENTS + long(0xFFFCFFFC, b"OB", b"\0\0")
    assert [one.tag for one in elements(data, JPEG)] == [0x00100020, 0x00081140, 0x7FE00010, 0xFFFCFFFC]


def test_un_of_undefined_length_is_walked_as_implicit() -> None:
    inner = struct.pack("<HHL", 0x0009, 0x1001, 2) + b"ab"
    data = long(0x00091010, b"UN", ITEM + UNDEFINED + inner + ITEM_END + SEQUENCE_END, UNDEFINED) + PATIENT
    assert [one.tag for one in elements(data, EXPLICIT)] == [0x00091010, 0x00100020]


def test_padding_is_removed_from_text_only() -> None:
    data = short(0x00080018, b"UI", b"1.2.3\0") + short(0x00280010, b"US", b"\x20\0") + PATIENT
    values = read(data, EXPLICIT, frozenset({0x00080018, 0x00280010}))
    assert values == {0x00080018: b"1.2.3", 0x00280010: b"\x20\0"}


def test_deflated_dataset_is_read_and_its_size_is_bounded() -> None:
    def deflated(data: bytes) -> bytes:
        stream = zlib.compressobj(wbits=-15)
        return stream.compress(data) + stream.flush()

    assert read(deflated(PATIENT), DEFLATED, frozenset({0x00100020})) == {0x00100020: b"ID 1"}
    bomb = deflated(bytes(tag_walker.LARGEST_INFLATED + 1))
    with pytest.raises(MalformedDataset):
        read(bomb, DEFLATED, frozenset())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PIXELS[:-1], "dataset-truncated"),
        (PATIENT[:5], "dataset-truncated"),
        (PIXELS[:10], "dataset-truncated"),
        (SEQUENCE[:-8], "dataset-truncated"),
        (SEQUENCE[:-17], "dataset-truncated"),
        (FRAGMENTS[:-8], "dataset-truncated"),
        (b"\x10\0\x20\0??\0\0", "dataset-malformed"),
        (b"\0" * 8, "dataset-malformed"),
        (ITEM_END, "dataset-malformed"),
        (long(0x00081140, b"SQ", PATIENT + SEQUENCE_END, UNDEFINED), "dataset-malformed"),
        (long(0x00080000, b"UT", PATIENT + SEQUENCE_END, UNDEFINED), "dataset-malformed"),
        (long(0x7FE00010, b"OB", ITEM + UNDEFINED + ITEM_END + SEQUENCE_END, UNDEFINED), "dataset-malformed"),
    ],
)
def test_what_is_not_whole_is_malformed(data: bytes, code: str) -> None:
    with pytest.raises(MalformedDataset) as raised:
        list(elements(data, EXPLICIT))
    assert raised.value.reason.code == code


def test_nesting_is_bounded() -> None:
    head = long(0x00081140, b"SQ", ITEM + UNDEFINED, UNDEFINED)
    with pytest.raises(MalformedDataset) as raised:
        list(elements(head * 5000, EXPLICIT))
    assert raised.value.reason.code == "dataset-too-deep"


@given(
    st.lists(
        st.sampled_from([PATIENT, SEQUENCE, FRAGMENTS, PIXELS, ITEM, UNDEFINED, SEQUENCE_END, ITEM_END])
    ),
    st.binary(max_size=40),
    st.integers(0, 200),
    st.sampled_from([IMPLICIT, EXPLICIT, BIG, JPEG, DEFLATED, "", "1.2"]),
)
@example([], b"", 0, EXPLICIT)
def test_any_bytes_are_elements_or_malformed(pieces: list[bytes], noise: bytes, at: int, syntax: str) -> None:
    data = b"".join(pieces)
    data = data[:at] + noise + data[at:]
    try:
        walked = list(elements(data, syntax))
    except MalformedDataset:
        return
    assert [one.start for one in walked] == [0, *(one.end for one in walked)][: len(walked)]
    assert not walked or walked[-1].end == len(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_inflated_or_malformed(data: bytes) -> None:
    try:
        read(data, DEFLATED, frozenset())
    except MalformedDataset:
        return


def test_walking_is_much_faster_than_decoding(shared_data: Path) -> None:
    path = next(iter((shared_data / "dicom" / "pet_ge_discovery_st_wb").rglob("*.dcm")))
    raw = path.read_bytes()
    meta = file_meta.parse(raw)

    def seconds(action: object, rounds: int = 50) -> float:
        assert callable(action)
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            action()
            times.append(time.perf_counter() - began)
        return min(times)

    walking = seconds(lambda: read(raw[meta.length :], meta.transfer_syntax_uid, frozenset({0x00100020})))
    decoding = seconds(lambda: len(str(Dataset(dcmread(path, stop_before_pixels=True)).PatientID)))
    assert walking < decoding / 2

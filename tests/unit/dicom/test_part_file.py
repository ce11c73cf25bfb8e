"""A part is a ZIP that any tool opens and that survives being cut at any byte."""

from __future__ import annotations

import io
import resource
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from pydicom import dcmread

from petfectior.dicom import file_meta, part_stream, zip_records
from petfectior.dicom.part_file import PartWriter, StoredInstance, instances, recover
from petfectior.dicom.tag_walker import MalformedDataset
from petfectior.errors import Permanent

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.128"
SYNTAX = "1.2.840.10008.1.2.1"


def meta(number: int) -> bytes:
    return file_meta.encode(SOP_CLASS, f"1.2.{number}", SYNTAX)


def dataset(number: int) -> bytes:
    return b"\x10\0\x20\0LO\x04\0ID%02d" % number + bytes([number]) * number * 2


def written(path: Path, count: int = 5, *, seal: bool = True) -> PartWriter:
    writer = PartWriter(path)
    for number in range(count):
        writer.append(meta(number), dataset(number))
        writer.sync()
    if seal:
        writer.seal()
        writer.close()
    return writer


def test_sealed_part_opens_with_zip_tools(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    written(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"0000000{n}.dcm" for n in range(1, 6)]
        assert dcmread(archive.open("00000004.dcm"), force=False).PatientID == "ID03"
    assert subprocess.run(["unzip", "-tq", path], check=False, capture_output=True).returncode == 0


def test_append_tells_where_the_dataset_lies(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path / "part.zip")
    places = [writer.append(meta(number), dataset(number)) for number in range(3)]
    writer.close()
    raw = (tmp_path / "part.zip").read_bytes()
    assert [raw[one.offset : one.offset + one.size] for one in places] == [dataset(n) for n in range(3)]


class Pipe(io.RawIOBase):
    """A stream that only reads forward, as a blob store's may."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self.inner.read(size)

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("kind", [io.BytesIO, Pipe])
def test_instances_are_found_reading_forward(tmp_path: Path, kind: type[BinaryIO]) -> None:
    path = tmp_path / "part.zip"
    written(path)
    raw = path.read_bytes()
    found = list(instances(kind(raw)))  # type: ignore[call-arg]
    assert [one.sop_instance_uid for one in found] == [f"1.2.{n}" for n in range(5)]
    assert [raw[one.offset : one.offset + one.size] for one in found] == [dataset(n) for n in range(5)]
    assert found[0].transfer_syntax_uid == SYNTAX


def test_empty_part_is_a_zip(tmp_path: Path) -> None:
    written(tmp_path / "part.zip", 0)
    assert zipfile.ZipFile(tmp_path / "part.zip").namelist() == []
    with (tmp_path / "part.zip").open("rb") as file:
        assert list(instances(file)) == []


@pytest.mark.parametrize("seal", [True, False])
def test_part_cut_at_any_byte_keeps_every_whole_instance(tmp_path: Path, *, seal: bool) -> None:
    path = tmp_path / "part.zip"
    writer = written(path, 3, seal=seal)
    whole = path.read_bytes()
    ends = [instance_end(one) for one in entries(whole[: writer.end])]
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        recovered = recover(path)
        assert recovered.count == sum(end <= size for end in ends)
        recovered.append(meta(9), dataset(9))
        recovered.seal()
        recovered.close()
        with path.open("rb") as file:
            assert [one.sop_instance_uid for one in instances(file)][-1] == "1.2.9"


def entries(raw: bytes) -> Iterator[StoredInstance]:
    found = instances(io.BytesIO(raw + b"PK\x01\x02"))
    yield from found


def instance_end(one: StoredInstance) -> int:
    return one.offset + one.size


def test_damaged_bytes_end_the_recovery(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    written(path, 3, seal=False).close()
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 0xFF
    path.write_bytes(raw)
    assert recover(path).count == 2


def test_full_disk_leaves_the_part_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        writer = PartWriter(path)
        writer.append(meta(1), dataset(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (writer.end + 700, before[1]))
        with pytest.raises(OSError, match="large"):
            writer.append(meta(2), bytes(2000))
        assert path.stat().st_size == writer.end
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    writer.append(meta(3), dataset(3))
    writer.seal()
    assert len(zipfile.ZipFile(path).namelist()) == 2


def test_more_entries_than_16_bits_count_make_a_zip64(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    writer = PartWriter(path)
    for _ in range(65_540):
        writer.append(b"", b"x")
    writer.seal()
    writer.close()
    assert len(zipfile.ZipFile(path).namelist()) == 65_540


def test_offsets_beyond_4_gib_are_written_as_zip64(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    entry = zip_records.Entry(offset=(1 << 32) + 5, size=4, crc=0x12345678)
    tail = zip_records.central_header(entry, 1)
    path.write_bytes(tail + zip_records.end_of_directory(1, len(tail), 0))
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].header_offset == entry.offset


def test_what_is_no_part_is_refused() -> None:
    for raw in (b"", b"PK\x03\x04", b"nonsense" * 10):
        with pytest.raises(Permanent):
            list(instances(io.BytesIO(raw)))


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "part.zip"
    path.write_bytes(b"x")
    with pytest.raises(FileExistsError):
        PartWriter(path)


def test_file_meta_is_what_pydicom_reads() -> None:
    raw = meta(7) + dataset(1)
    read = dcmread(io.BytesIO(raw))
    assert read.file_meta.MediaStorageSOPInstanceUID == "1.2.7"
    assert read.file_meta.FileMetaInformationGroupLength == len(meta(7)) - 144
    parsed = file_meta.parse(raw)
    assert (parsed.sop_class_uid, parsed.sop_instance_uid, parsed.length) == (
        SOP_CLASS,
        "1.2.7",
        len(meta(7)),
    )


@pytest.mark.parametrize("cut", [0, 100, 140, 150, 200, -1])
def test_cut_file_meta_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedDataset):
        file_meta.parse(meta(1)[:cut])


def test_a_streamed_part_is_the_part_that_would_be_written(tmp_path: Path) -> None:
    pairs = [(b"meta", b"first"), (b"me", b""), (b"", b"third")]
    writer = PartWriter(tmp_path / "part.zip")
    for meta, dataset in pairs:
        writer.append(meta, dataset)
    writer.seal()
    writer.close()
    assert b"".join(part_stream.stream(pairs)) == (tmp_path / "part.zip").read_bytes()

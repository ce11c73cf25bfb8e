"""What a stranger's ZIP may hold: each claim is checked before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import httpx
import pytest

from petfectior.dicom import file_meta
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Rejected
from petfectior.pet.instance import PET
from petfectior.service import Ports
from services.api import body_limit
from services.api.uploads import archive, sending


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def claiming(size: int) -> bytes:
    """Return a ZIP whose one file claims to unpack to `size` bytes."""
    data = bytearray(packed(a=b"x" * 1000))
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, size)
    return bytes(data)


def refused(data: bytes) -> str:
    with pytest.raises(Rejected) as error, archive.opened(io.BytesIO(data)) as opened:
        archive.files(opened)
    return error.value.reason.code


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 5000, packed(a=b"1")[:-5]])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refused(data) == "upload-not-zip"


def test_a_zip_with_a_huge_directory_is_refused_before_it_is_read() -> None:
    data = bytearray(packed(a=b"1"))
    place = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, place + 12, archive.LARGEST_DIRECTORY + 1)
    assert refused(bytes(data)) == "upload-too-many"


def test_a_zip_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    assert refused(packed(a=b"", b=b"", c=b"")) == "upload-too-many"


def test_a_zip_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_WHOLE", 1500)
    assert refused(packed(a=b"x" * 1000, b=b"x" * 1000)) == "upload-unpacks-too-large"


def test_two_files_of_one_name_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"2")
    assert refused(file.getvalue()) == "upload-names-twice"


def test_a_file_that_claims_too_much_is_not_looked_at(ports: Ports) -> None:
    told = sending.send(io.BytesIO(claiming(archive.LARGEST_FILE + 1)), ports.settings())
    assert told["a"].code == "upload-file-too-large"


def test_a_file_that_claims_too_little_is_not_unpacked_beyond_it(ports: Ports) -> None:
    told = sending.send(io.BytesIO(claiming(10)), ports.settings())
    assert told["a"].code in {"upload-not-dicom", "upload-damaged"}


def test_files_that_are_no_dicom_are_left_out_each_with_its_reason(web: httpx.Client) -> None:
    body = packed(**{"notes.txt": b"x", "__MACOSX/._notes.txt": b"y", "empty": b""})
    found = web.post("/api/v1/uploads?lang=es", content=body).json()
    assert found["stored"] == 0
    assert [(one["name"], one["verdict"], one["code"]) for one in found["files"]] == [
        ("notes.txt", "skipped", "upload-not-dicom"),
        ("empty", "skipped", "upload-not-dicom"),
    ]
    assert found["files"][0]["detail"] == "No es un archivo DICOM; se omitió."


def test_an_upload_without_a_node_to_take_it_is_to_be_tried_again(web: httpx.Client, ports: Ports) -> None:
    assert ports.settings().scp_address == "127.0.0.1"
    head = file_meta.encode(PET, "2.25.1", EXPLICIT_VR_LITTLE_ENDIAN)
    answer = web.post("/api/v1/uploads", content=packed(a=head))
    assert answer.status_code == 503


def test_a_body_beyond_the_limit_is_not_read(web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "LARGEST_UPLOAD", 1000)

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert web.post("/api/v1/uploads", content=b"x" * 1001).status_code == 413
    assert web.post("/api/v1/uploads", content=endless()).status_code == 413

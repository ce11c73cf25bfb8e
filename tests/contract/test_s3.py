"""The BlobStore on S3 keeps the contract."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from petfectior.adapters.s3 import S3BlobStore
from petfectior.adapters.s3_upload import PART_BYTES, parts
from petfectior.errors import Transient
from tests.contract.blob_store import BlobStoreContract
from tests.contract.processes import CHUNK, Backend
from tests.servers.fixtures import serving
from tests.servers.minio import MinIO

pytestmark = pytest.mark.integration


class TestS3BlobStore(BlobStoreContract):
    @pytest.fixture
    def backend(self, s3_url: str) -> Backend:
        return Backend("petfectior.adapters.s3:S3BlobStore", f"{s3_url.rpartition('/')[0]}/t-{uuid4().hex}")

    def test_a_source_that_fails_leaves_no_thread(self, blobs: S3BlobStore) -> None:
        def source() -> Iterator[bytes]:
            for _ in range(3 * PART_BYTES // CHUNK):
                yield b"x" * CHUNK
            raise RuntimeError

        with pytest.raises(RuntimeError):
            blobs.put("t/broken", source())
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3-part")]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 5 * PART_BYTES // 2])
@pytest.mark.parametrize("chunk", [PART_BYTES // 3, 4 * PART_BYTES])
def test_parts_hold_all_bytes_and_only_the_last_is_short(size: int, chunk: int) -> None:
    data = bytes(size)
    cut = list(parts(data[begin : begin + chunk] for begin in range(0, size, chunk)))
    assert b"".join(cut) == data
    assert all(len(part) == PART_BYTES for part in cut[:-1])
    assert len(cut[-1]) <= PART_BYTES
    assert cut[-1] or not data


def test_a_blob_server_that_went_away_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    with serving(MinIO, tmp_path) as server:
        blobs = S3BlobStore(server.url)
        blobs.put("t/a", [b"kept"])
        server.stop()
        with pytest.raises(Transient, match="blob-store-unavailable"):
            blobs.put("t/b", [b"x"])
        with pytest.raises(Transient, match="blob-store-unavailable"), blobs.read("t/a"):
            pass
        server.start()
        with blobs.read("t/a") as file:
            assert file.read() == b"kept"
        blobs.close()

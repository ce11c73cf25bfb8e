"""What every BlobStore does."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest

from petfectior.errors import NotFound, Permanent
from petfectior.ports import BlobStore
from tests.contract.processes import CHUNK, Backend, running

MEMORY = 192 << 20


class BlobStoreContract(ABC):
    """Subclassed once per backend."""

    chunks = 320
    """Of one MiB: more than the streaming test's process may hold."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Backend:
        """Return an empty backend."""

    @pytest.fixture
    def blobs(self, backend: Backend) -> Iterator[BlobStore]:
        blobs = backend.open()
        yield blobs
        blobs.close()

    def test_what_was_put_is_read_back_with_its_size_and_digest(self, blobs: BlobStore) -> None:
        blob = blobs.put("t/receive/a/part.zip", [b"one ", b"", b"two"])
        assert (blob.key, blob.size) == ("t/receive/a/part.zip", 7)
        assert blob.sha256 == hashlib.sha256(b"one two").hexdigest()
        with blobs.read(blob.key) as file:
            assert file.read() == b"one two"

    def test_an_empty_blob_is_a_blob(self, blobs: BlobStore) -> None:
        blob = blobs.put("t/empty", [])
        assert (blob.size, blob.sha256) == (0, hashlib.sha256().hexdigest())
        with blobs.read("t/empty") as file:
            assert file.read() == b""

    @pytest.mark.parametrize(
        ("offset", "length"), [(0, 4), (3, 4), (3, None), (9, 100), (0, 0), (5, 0), (10, None), (10, 5)]
    )
    def test_a_range_is_read(self, blobs: BlobStore, offset: int, length: int | None) -> None:
        data = b"0123456789"
        blobs.put("t/range", [data])
        with blobs.read("t/range", offset, length) as file:
            assert file.read() == data[offset : None if length is None else offset + length]

    def test_a_range_is_read_in_pieces(self, blobs: BlobStore) -> None:
        blobs.put("t/range", [b"0123456789"])
        with blobs.read("t/range", 2, 6) as file:
            assert [file.read(4), file.read(4), file.read(4)] == [b"2345", b"67", b""]

    def test_a_missing_blob_is_not_found(self, blobs: BlobStore) -> None:
        with pytest.raises(NotFound), blobs.read("t/missing"):
            pass

    def test_a_later_put_replaces_the_whole(self, blobs: BlobStore) -> None:
        blobs.put("t/key", [b"a long first one"])
        blobs.put("t/key", [b"second"])
        with blobs.read("t/key") as file:
            assert file.read() == b"second"

    def test_a_deleted_blob_is_gone_and_may_be_deleted_again(self, blobs: BlobStore) -> None:
        blobs.put("t/a/one", [b"1"])
        blobs.put("t/b", [b"2"])
        blobs.delete("t/a/one")
        blobs.delete("t/a/one")
        blobs.delete("never/there")
        assert [info.key for info in blobs.list("")] == ["t/b"]

    def test_a_listing_holds_to_its_prefix(self, blobs: BlobStore) -> None:
        for key in ("t1/a", "t1/b/c", "t1/bc", "t12/a", "u/a"):
            blobs.put(key, [key.encode()])
        assert {info.key for info in blobs.list()} == {"t1/a", "t1/b/c", "t1/bc", "t12/a", "u/a"}
        assert {info.key for info in blobs.list("t1")} == {"t1/a", "t1/b/c", "t1/bc", "t12/a"}
        assert {info.key for info in blobs.list("t1/")} == {"t1/a", "t1/b/c", "t1/bc"}
        assert {info.key for info in blobs.list("t1/b")} == {"t1/b/c", "t1/bc"}
        assert list(blobs.list("v")) == []

    def test_a_listing_tells_size_and_time(self, blobs: BlobStore) -> None:
        began = time.time()
        blobs.put("t/a", [b"12345"])
        (info,) = blobs.list("t/")
        assert info.size == 5
        assert abs(info.modified - began) < 60

    @pytest.mark.parametrize(
        "key",
        ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".hidden", "a/.b", "a b", "a\n", "é", "a" * 600],
    )
    def test_a_key_that_is_not_of_our_making_is_refused(self, blobs: BlobStore, key: str) -> None:
        with pytest.raises(Permanent):
            blobs.put(key, [b"x"])

    def test_a_source_that_fails_leaves_nothing(self, blobs: BlobStore) -> None:
        def source() -> Iterator[bytes]:
            for _ in range(24):
                yield b"x" * CHUNK
            raise RuntimeError

        with pytest.raises(RuntimeError):
            blobs.put("t/broken", source())
        assert list(blobs.list("")) == []

    def test_a_writer_killed_in_the_middle_leaves_nothing(self, blobs: BlobStore, backend: Backend) -> None:
        with running("put_half", backend, "t/half") as writer:
            writer.says("half")
            assert list(blobs.list("")) == []
            writer.kill()
        assert list(blobs.list("")) == []
        with pytest.raises(NotFound), blobs.read("t/half"):
            pass
        blobs.put("t/half", [b"whole"])
        with blobs.read("t/half") as file:
            assert file.read() == b"whole"

    def test_a_blob_larger_than_memory_streams_both_ways(self, blobs: BlobStore, backend: Backend) -> None:
        digest = hashlib.sha256()
        for index in range(self.chunks):
            digest.update(bytes([index % 251]) * CHUNK)
        expected = f"{self.chunks * CHUNK} {digest.hexdigest()}"
        with running("stream", backend, "t/large", self.chunks, MEMORY) as streamer:
            assert streamer.says("stored") == expected
            assert streamer.says("read") == expected
        blobs.delete("t/large")

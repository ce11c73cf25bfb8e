"""One multipart upload with a bounded number of parts on their way at once."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from minio import Minio
from minio.datatypes import Part
from minio.error import MinioException

PART_BYTES: Final = 16 << 20
"""10,000 parts at most: blobs up to 160 GB."""
PARALLEL: Final = 3

# ruff: noqa: SLF001 - Minio.put_object leaves its threads behind whenever the source fails; these are its steps


def parts(source: Iterable[bytes]) -> Iterator[bytes]:
    """Cut the chunks of `source` into parts of `PART_BYTES`; the last may be shorter, even empty."""
    part = bytearray()
    for chunk in source:
        for begin in range(0, len(chunk), PART_BYTES):
            part += chunk[begin : begin + PART_BYTES]
            if len(part) > PART_BYTES:
                yield bytes(part[:PART_BYTES])
                del part[:PART_BYTES]
    yield bytes(part)


class Multipart:
    """Parts of one object; visible as a whole at `complete`, and never if `abort` is called.

    Parameters
    ----------
    call
        Runs a call to the server and translates its errors.
    """

    def __init__(self, client: Minio, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="s3-part")
        self._on_their_way: deque[Future[Part]] = deque()
        self._parts: list[Part] = []
        self._count = 0
        self._id: str = client._create_multipart_upload(bucket, key, {})

    def add(self, part: bytes) -> None:
        """Send a part; wait if as many as may be are on their way."""
        while len(self._on_their_way) >= PARALLEL:
            self._parts.append(self._on_their_way.popleft().result())
        self._count += 1
        self._on_their_way.append(self._pool.submit(self._send, self._count, part))

    def complete(self) -> None:
        """Make the object visible."""
        self._parts += [future.result() for future in self._on_their_way]
        self._client._complete_multipart_upload(self._bucket, self._key, self._id, self._parts)
        self._pool.shutdown()

    def abort(self) -> None:
        """Drop what was sent."""
        self._pool.shutdown(cancel_futures=True)
        with contextlib.suppress(MinioException, OSError):
            self._client._abort_multipart_upload(self._bucket, self._key, self._id)

    def _send(self, number: int, part: bytes) -> Part:
        return Part(number, self._client._upload_part(self._bucket, self._key, part, None, self._id, number))


def send(
    client: Minio, bucket: str, key: str, source: Iterable[bytes], seen: Callable[[bytes], None]
) -> None:
    """Upload `source` in parts, each shown to `seen`."""
    upload: Multipart | None = None
    try:
        upload = Multipart(client, bucket, key)
        for part in source:
            seen(part)
            upload.add(part)
        upload.complete()
    except BaseException:  # also when the source fails or is stopped: no part is left behind
        if upload is not None:
            upload.abort()
        raise

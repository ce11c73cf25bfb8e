"""BlobStore on MinIO or any other S3 server."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from petfectior.adapters import s3_upload
from petfectior.adapters.blob_key import checked
from petfectior.errors import NotFound, Transient
from petfectior.ports import BlobInfo
from petfectior.task import Blob

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket"})
_TAKEN: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class S3BlobStore:
    """Blobs as objects of one bucket, which is created if it is not there.

    Parameters
    ----------
    url
        ``http(s)://key:secret@host[:port]/bucket[?region=…]``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._bucket = parts.path.strip("/")
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60),
            retries=urllib3.Retry(2, backoff_factor=0.2),
            maxsize=16,
        )
        self._client = Minio(
            parts.netloc.rpartition("@")[2],
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=parts.scheme == "https",
            region=next(iter(parse_qs(parts.query).get("region", [])), None),
            http_client=self._http,
        )
        self._bucket_is_there = False

    def put(self, key: str, source: Iterable[bytes]) -> Blob:
        """Store the chunks of `source` under `key`, atomically; a few parts are in memory at a time.

        The server checks each part against its digest.

        Raises
        ------
        Permanent
            If the key is none of ours.
        Transient
            If the server does not answer.
        """
        checked(key)
        digest = hashlib.sha256()
        size = 0

        def seen(part: bytes) -> None:
            nonlocal size
            digest.update(part)
            size += len(part)

        self._make_bucket()
        parts = s3_upload.parts(source)
        first = next(parts)
        second = next(parts, None)
        with _translated():
            if second is None:
                seen(first)
                self._client.put_object(self._bucket, key, io.BytesIO(first), len(first))
            else:
                whole = itertools.chain((first, second), parts)
                s3_upload.send(self._client, self._bucket, key, whole, seen)
        return Blob(key=key, size=size, sha256=digest.hexdigest())

    @contextmanager
    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[BinaryIO]:
        """Open a range of a blob for sequential reading. Raises `NotFound` or `Transient`."""
        checked(key)
        if length == 0:
            yield io.BytesIO()
            return
        try:
            with _translated():
                response = self._client.get_object(self._bucket, key, offset, length or 0)
        except _PastTheEnd:
            yield io.BytesIO()
            return
        try:
            yield io.BufferedReader(_Body(response))
        finally:
            response.close()
            response.release_conn()

    def delete(self, key: str) -> None:
        """Remove a blob; no error if there is none."""
        checked(key)
        try:
            with _translated():
                self._client.remove_object(self._bucket, key)
        except NotFound:
            return

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """List blobs whose key begins with `prefix`, by key."""
        try:
            with _translated():
                for found in self._client.list_objects(self._bucket, prefix, recursive=True):
                    modified = found.last_modified.timestamp() if found.last_modified else 0.0
                    yield BlobInfo(key=str(found.object_name), size=found.size or 0, modified=modified)
        except NotFound:
            return

    def close(self) -> None:
        """Release connections."""
        self._http.clear()

    def _make_bucket(self) -> None:
        if self._bucket_is_there:
            return
        with _translated():
            if not self._client.bucket_exists(self._bucket):
                try:
                    self._client.make_bucket(self._bucket)
                except S3Error as error:
                    if error.code not in _TAKEN:
                        raise
        self._bucket_is_there = True


class _PastTheEnd(Exception):
    """A range that begins at the end of a blob or after it."""


class _Body(io.RawIOBase):
    """A response's body; a connection that breaks in the middle is `Transient`."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with _translated():
            data = self._response.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise NotFound("blob-missing") from error
        if error.code == "InvalidRange":
            raise _PastTheEnd from error
        raise Transient("blob-store-unavailable") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Transient("blob-store-unavailable") from error

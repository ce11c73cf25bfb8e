"""BlobStore over a folder of files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from petfectior.adapters.blob_key import checked
from petfectior.errors import NotFound, Transient
from petfectior.ports import BlobInfo
from petfectior.task import Blob

_INCOMING: Final = ".incoming"
_ABANDONED_SECONDS: Final = 86400.0


class FileBlobStore:
    """Blobs as files below `folder`, at their keys.

    A blob is written under a temporary name, fsynced, renamed, and its folder fsynced, so that it is
    there whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)
        _sweep(self._incoming)

    def put(self, key: str, source: Iterable[bytes]) -> Blob:
        """Store the chunks of `source` under `key`, atomically.

        Raises
        ------
        Permanent
            If the key is none of ours.
        Transient
            If the disk is full or fails.
        """
        target = self._folder / checked(key)
        temporary = self._incoming / uuid4().hex
        try:
            size, digest = _write(temporary, source)
            self._move(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        return Blob(key=key, size=size, sha256=digest)

    @contextmanager
    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[BinaryIO]:
        """Open a range of a blob for sequential reading. Raises `NotFound`."""
        try:
            file = (self._folder / checked(key)).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound("blob-missing") from error
        with file:
            file.seek(offset)
            yield file if length is None else io.BufferedReader(_Range(file, length))

    def delete(self, key: str) -> None:
        """Remove a blob, and the folders it leaves empty; no error if there is none."""
        path = self._folder / checked(key)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            _sync_folder(path.parent)
        for parent in path.relative_to(self._folder).parents[:-1]:
            try:
                (self._folder / parent).rmdir()
            except OSError:
                return

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """List blobs whose key begins with `prefix`, by key within each folder."""
        if prefix.startswith(("/", ".")) or "/." in prefix:
            return
        start = self._folder / prefix.rpartition("/")[0]
        for folder, names, files in os.walk(start):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder, name)
                key = path.relative_to(self._folder).as_posix()
                if key.startswith(prefix):
                    with contextlib.suppress(FileNotFoundError):
                        state = path.stat()
                        yield BlobInfo(key=key, size=state.st_size, modified=state.st_mtime)

    def close(self) -> None:
        """Nothing is held."""

    def _move(self, temporary: Path, target: Path) -> None:
        while True:
            try:
                _make_folder(target.parent)
                temporary.replace(target)
                _sync_folder(target.parent)
            except FileNotFoundError:
                continue  # a delete pruned the empty folder between the two
            except OSError as error:
                raise Transient("blob-store-unavailable") from error
            else:
                return


class _Range(io.RawIOBase):
    """At most `length` bytes of a file, from where it stands."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _write(path: Path, source: Iterable[bytes]) -> tuple[int, str]:
    """Write and fsync; return size and SHA-256."""
    digest = hashlib.sha256()
    size = 0
    file = path.open("xb")
    try:
        for chunk in source:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise Transient("blob-store-unavailable") from error
    finally:
        file.close()
    return size, digest.hexdigest()


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(incoming: Path) -> None:
    """Remove what writers that died left a day ago."""
    for path in incoming.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                path.unlink()

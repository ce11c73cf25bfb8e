"""Scratch files: each process has a folder of its own for them, and clears away what a dead one left.

Blobs are fetched to scratch, so that a stage may seek in them, and checked before they are believed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from petfectior.errors import NotFound, Permanent
from petfectior.ports import BlobStore
from petfectior.task import Blob

CHUNK: Final = 1 << 20


def settle(root: Path) -> int:
    """Give this process a folder below `root` for all its temporary files; remove those of dead processes.

    Returns
    -------
    int
        Descriptor of the folder's lock, which ends with the process.
    """
    root.mkdir(parents=True, exist_ok=True)
    gate = os.open(root, os.O_RDONLY)
    # One at a time, so that nobody takes a folder that is not locked yet for a dead one's.
    fcntl.flock(gate, fcntl.LOCK_EX)
    try:
        for folder in root.iterdir():
            _remove_if_dead(folder)
        own = root / uuid4().hex
        own.mkdir()
        lock = os.open(own, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(gate)
    tempfile.tempdir = str(own)
    return lock


def _remove_if_dead(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder)
    finally:
        os.close(lock)


@contextmanager
def fetched(blobs: BlobStore, blob: Blob) -> Iterator[BinaryIO]:
    """Yield the blob as a seekable file at its begin; the file is gone afterwards.

    Raises
    ------
    Permanent
        ``blob-missing`` if the store lacks it, ``blob-damaged`` if size or SHA-256 differ.
    """
    with tempfile.TemporaryFile(prefix="petfectior-") as file:
        _copy(blobs, blob, file)
        file.seek(0)
        yield file


def fetch(blobs: BlobStore, blob: Blob, path: Path) -> None:
    """Copy the blob to `path`; the same is raised as by `fetched`."""
    with path.open("wb") as file:
        _copy(blobs, blob, file)


def _copy(blobs: BlobStore, blob: Blob, file: BinaryIO) -> None:
    digest = hashlib.sha256()
    size = 0
    try:
        with blobs.read(blob.key) as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += file.write(chunk)
                if size > blob.size:
                    break
    except NotFound:
        raise Permanent("blob-missing") from None
    if size != blob.size or digest.hexdigest() != blob.sha256:
        raise Permanent("blob-damaged")

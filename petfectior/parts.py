"""The stored parts of a task: copied when another task begins with them."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from petfectior.ports import BlobStore
from petfectior.task import Blob, Part

CHUNK: Final = 1 << 20


def copied(part: Part, task_id: str, blobs: BlobStore) -> Part:
    """Return the part with its blobs copied under another task's keys: a task's end sweeps its own."""
    folder = f"{task_id}/receive/{part.id}/{uuid4().hex}"
    return part.model_copy(
        update={
            "blob": _copied(part.blob, f"{folder}/part.zip", blobs),
            "index": _copied(part.index, f"{folder}/index.jsonl", blobs),
        }
    )


def _copied(blob: Blob | None, key: str, blobs: BlobStore) -> Blob | None:
    if blob is None:
        return None
    with blobs.read(blob.key) as source:
        return blobs.put(key, iter(lambda: source.read(CHUNK), b""))

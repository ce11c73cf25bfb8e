"""Sealed parts go to the blob store; then a compare-and-set on the task names them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog

from petfectior import ledger
from petfectior.pet import instance
from petfectior.pet.instance import InstanceFacts
from petfectior.ports import BlobStore, TaskStore
from petfectior.task import Blob, PartState, Task
from services.scp.spool_part import SpoolPart

CHUNK: Final = 1 << 20
log = structlog.get_logger()


def store(part: SpoolPart, task_id: str, blobs: BlobStore, tasks: TaskStore) -> Task:
    """Seal the part, store it and its index, and name both on the task.

    Raises
    ------
    NotFound
        If the task was deleted.
    OSError
        If the disk has no room for the ZIP's directory.
    """
    task = tasks.get(task_id)
    if any(one.id == part.id and one.state is PartState.SEALED for one in task.parts):
        return task  # stored before a crash; only the file was left
    part.seal()
    folder = f"{task_id}/receive/{part.id}/{uuid4().hex}"
    blob = blobs.put(f"{folder}/part.zip", _chunks(part.path))
    index = blobs.put(f"{folder}/index.jsonl", instance.write_index(part.facts))
    task = ledger.change(tasks, task_id, lambda task: _name(task, part, blob, index))
    log.info("part.stored", task=task_id, part=part.id, count=part.count, bytes=blob.size)
    return task


def facts_of(task: Task, blobs: BlobStore) -> list[InstanceFacts]:
    """Return the facts of all stored parts: parts by their beginning, instances in order of arrival."""
    facts: list[InstanceFacts] = []
    for part in sorted(task.parts, key=lambda one: one.first_at):
        if part.index is not None:
            with blobs.read(part.index.key) as lines:
                facts += instance.read_index(lines)
    return facts


def erase(task: Task, blobs: BlobStore) -> None:
    """Delete the blobs of a task that is no more."""
    for blob in task.blobs():
        blobs.delete(blob.key)


def _name(task: Task, part: SpoolPart, blob: Blob, index: Blob) -> None:
    for recorded in task.parts:
        if recorded.id == part.id and recorded.state is PartState.OPEN:
            recorded.state = PartState.SEALED
            recorded.count, recorded.last_at = part.count, part.last_at
            recorded.blob, recorded.index = blob, index


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk

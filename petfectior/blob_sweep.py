"""Deletes blobs that no task names: what an attempt wrote before it died, or before another one won."""

from __future__ import annotations

import threading
import time
from itertools import groupby
from typing import Final

import structlog

from petfectior import logs
from petfectior.errors import NotFound, Transient
from petfectior.ports import BlobStore, TaskStore

AGE_SECONDS: Final = 24 * 3600.0
"""A younger blob may be about to be named."""
PERIOD_SECONDS: Final = 3600.0
log = structlog.get_logger()


def sweep(blobs: BlobStore, tasks: TaskStore, now: float) -> int:
    """Delete the blobs that are older than a day and not named; return how many.

    A key begins with the id of its task (`petfectior.handling.Claim.blob_key`).
    """
    old = (info.key for info in blobs.list() if now - info.modified > AGE_SECONDS)
    deleted = 0
    for task_id, keys in groupby(sorted(old), key=lambda key: key.split("/", 1)[0]):
        named = _named(tasks, task_id)
        for key in keys:
            if key not in named:
                blobs.delete(key)
                deleted += 1
    return deleted


def _named(tasks: TaskStore, task_id: str) -> set[str]:
    try:
        return {blob.key for blob in tasks.get(task_id).blobs()}
    except NotFound:
        return set()


def run(blobs: BlobStore, tasks: TaskStore, stop: threading.Event) -> None:
    """Sweep every hour until `stop` is set."""
    while True:
        try:
            if count := sweep(blobs, tasks, time.time()):
                log.info("blobs.swept", count=count)
        except Transient as error:
            log.warning("sweep.waits", **logs.describe(error))
        if stop.wait(PERIOD_SECONDS):
            return

"""Erasure: every job id ever written is owed a DELETE, until the server confirms it."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog

from petfectior import ledger, logs, metrics
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.ports import Record, Registry, TaskStore
from petfectior.task import Task
from services.transfer import job
from services.transfer.client import Connect
from services.transfer.failures import Problem, ServerUnavailable

PAUSE_SECONDS: Final = 2.0
OUTAGE_SECONDS: Final = 5.0
UNNAMED_SECONDS: Final = 120.0
"""A job id is written here before it is on its task; only after so long it counts as forgotten."""
log = structlog.get_logger()


def keep_erasing(tasks: TaskStore, registry: Registry, connect: Connect, stop: threading.Event) -> None:
    """Confirm what is owed until told to stop."""
    while not stop.is_set():
        try:
            pay(tasks, registry, connect, stop)
        except ServerUnavailable:
            stop.wait(OUTAGE_SECONDS)
        except (Transient, Conflict, Problem) as error:
            log.warning("erasure.waits", **logs.describe(error))
            stop.wait(OUTAGE_SECONDS)
        stop.wait(PAUSE_SECONDS)


def pay(tasks: TaskStore, registry: Registry, connect: Connect, stop: threading.Event) -> None:
    """Have every job erased that is wanted no more; what the server confirms is owed no longer.

    Raises
    ------
    ServerUnavailable
        If the server cannot be asked now.
    """
    owed = registry.list(job.OWED)
    metrics.JOBS_OWED.set(len(owed))
    for record in owed:
        if stop.is_set():
            return
        if not wanted(tasks, record):
            try:
                connect().erase(record.key)
                _confirm(tasks, record)
            except (Problem, Conflict) as error:
                # One that is refused stays owed, and holds up no other.
                log.warning("erasure.refused", task=str(record.value["task_id"]), **logs.describe(error))
                continue
            registry.delete(job.OWED, record.key)
            log.info("job.erased", task=str(record.value["task_id"]))


def wanted(tasks: TaskStore, record: Record) -> bool:
    """Tell whether the task still waits for this job, or may be about to name it."""
    try:
        task = tasks.get(str(record.value["task_id"]))
    except NotFound:
        return False
    if all(one.id != record.key for one in task.jobs):
        created = record.value["created_at"]
        return isinstance(created, int | float) and time.time() - created < UNNAMED_SECONDS
    return job.awaited(task, record.key)


def _confirm(tasks: TaskStore, record: Record) -> None:
    def alter(task: Task) -> None:
        for one in task.jobs:
            if one.id == record.key:
                one.erased_at = time.time()

    try:
        ledger.change(tasks, str(record.value["task_id"]), alter)
    except NotFound:
        return

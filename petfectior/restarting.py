"""Restart: the stored series is processed again from the beginning, as a task of its own.

A task that went on where it stands would repeat its UIDs with other pixels: a new one never does.
"""

from __future__ import annotations

import time

from petfectior import parts, transitions
from petfectior.errors import Conflict
from petfectior.ports import BlobStore, EventBus, TaskStore
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.topology import wakes
from petfectior.work import Stage, Status, Work

_KEPT = frozenset(
    {
        "kind",
        "source",
        "series",
        "series_key",
        "expected",
        "received",
        "process_as_is",
        "destinations",
    }
)


def may_restart(task: Task) -> bool:
    """Tell whether the task has ended, past receive, with its whole series stored."""
    ended = task.status in {Status.DONE, Status.STOPPED}
    stored = bool(task.parts) and all(part.blob and part.index for part in task.parts)
    return ended and stored and task.stage is not Stage.RECEIVE


def restart(tasks: TaskStore, bus: EventBus, blobs: BlobStore, task_id: str, who: str) -> Task:
    """Open a task with copies of the stored parts, at the stage that follows receive.

    A crash before the task is there leaves blobs that nothing names: they are swept.

    Raises
    ------
    NotFound
        If there is no such task, or its parts are gone from the store.
    Conflict
        If it still runs, or its series is not wholly stored.
    """
    earlier = tasks.get(task_id)
    if not may_restart(earlier):
        raise Conflict("task-not-restartable")
    now = time.time()
    kept = {name: getattr(earlier, name) for name in _KEPT}
    task = Task(**kept, continues=earlier.id, created_at=now, updated_at=now, frozen_at=now)
    task.parts = [parts.copied(part, task.id, blobs) for part in earlier.parts]
    task.stage, task.work = Stage.ANONYMIZE, Work(due=now)
    transitions.record(task, now, who, Reason(code="restarted-by-person"))
    stored = tasks.insert(task)
    for event in wakes(stored):
        bus.publish(event)
    return stored

"""Which event wakes which queue: the one routing table."""

from __future__ import annotations

from typing import Final

from petfectior.events import Event, EventKey
from petfectior.task import Task
from petfectior.work import Stage, Status

QUEUES: Final[dict[str, frozenset[EventKey]]] = {
    "anonymizer": frozenset({EventKey.SERIES_RECEIVED}),
    "transfer": frozenset({EventKey.PACKAGE_CREATED, EventKey.JOB_SUBMITTED, EventKey.RESULT_AVAILABLE}),
    "rebuilder": frozenset({EventKey.RESULT_DOWNLOADED}),
    "scu": frozenset({EventKey.DELIVERY_REQUESTED}),
}
"""Queue (named after its service) → the events it receives."""

WAKES: Final[dict[Stage, EventKey]] = {
    Stage.ANONYMIZE: EventKey.SERIES_RECEIVED,
    Stage.UPLOAD: EventKey.PACKAGE_CREATED,
    Stage.PROCESS: EventKey.JOB_SUBMITTED,
    Stage.DOWNLOAD: EventKey.RESULT_AVAILABLE,
    Stage.REBUILD: EventKey.RESULT_DOWNLOADED,
    Stage.DELIVER: EventKey.DELIVERY_REQUESTED,
}
"""Stage that waits → the event that wakes its worker. Receive has none: the scp watches it itself."""


def queue_of(key: EventKey) -> str:
    """Return the queue that receives `key`; every key has exactly one (held by a test)."""
    return next(queue for queue, keys in QUEUES.items() if key in keys)


def stages_of(queue: str) -> tuple[Stage, ...]:
    """Return the stages that `queue`'s service works on."""
    return tuple(stage for stage, key in WAKES.items() if key in QUEUES[queue])


def wakes(task: Task) -> list[Event]:
    """Return the events that wake whoever may work on `task` now; none for a settled task.

    In deliver there is one event per waiting delivery: each destination goes its own way.
    """
    key = WAKES.get(task.stage)
    if key is None:
        return []
    if task.stage is not Stage.DELIVER:
        return [wake(task)] if task.work.status is Status.WAITING else []
    return [wake(task, one.id) for one in task.deliveries if one.work.status is Status.WAITING]


def wake(task: Task, delivery_id: str | None = None) -> Event:
    """Return the event for the task's stage, or for one of its deliveries."""
    return Event(
        key=WAKES[task.stage],
        task_id=task.id,
        delivery_id=delivery_id,
        correlation_id=task.correlation_id,
    )

"""How far a task is in its stage."""

from __future__ import annotations

from petfectior.task import Delivery, Task
from petfectior.work import Stage, Status


def progress(task: Task) -> float | None:
    """Return how much of the stage is done, 0 to 1, or None where nothing can be counted."""
    if task.status not in {Status.WAITING, Status.WORKING}:
        return None
    if task.stage is Stage.RECEIVE:
        return _share(task.received, task.expected or 0)
    if task.stage is Stage.UPLOAD and task.job and task.package:
        return _share(task.job.confirmed_offset, task.package.blob.size)
    if task.stage is Stage.PROCESS and task.job:
        return min(1.0, max(0.0, task.job.progress))
    if task.stage is Stage.DELIVER:
        newest = newest_deliveries(task)
        return _share(sum(one.accepted_count for one in newest), sum(one.total for one in newest))
    return None


def newest_deliveries(task: Task) -> list[Delivery]:
    """Return the newest delivery to each destination, in order of first appearance."""
    return list({one.destination.name: one for one in task.deliveries}.values())


def _share(part: int, whole: int) -> float | None:
    return min(1.0, part / whole) if whole > 0 else None

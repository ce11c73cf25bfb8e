"""Committing changes to a task: read, change, compare-and-set, again on a conflict."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from petfectior.errors import Conflict
from petfectior.ports import TaskStore
from petfectior.task import Task

ROUNDS = 50


def change(tasks: TaskStore, task_id: str, alter: Callable[[Task], None]) -> Task:
    """Apply `alter` to the newest document until it is committed.

    `alter` may be called several times, each with a freshly read document, so it decides from the
    document alone whether its change still applies, and raises if not.

    Raises
    ------
    NotFound
        If the task is gone.
    Conflict
        If other writers won every one of fifty rounds.
    """
    for _ in range(ROUNDS):
        task = tasks.get(task_id)
        alter(task)
        with contextlib.suppress(Conflict):
            return tasks.replace(task)
    raise Conflict("task-contended")

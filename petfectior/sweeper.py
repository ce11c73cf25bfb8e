"""Finds what no message carries any more, and wakes it."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

import structlog

from petfectior import ledger, logs, metrics, transitions
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.ports import EventBus, TaskQuery, TaskStore
from petfectior.task import Task
from petfectior.topology import stages_of, wake

PERIOD: Final = 5.0
log = structlog.get_logger()


class Sweeper:
    """Re-publishes the stages of one queue that wait too long past their due, or whose lease is over."""

    def __init__(self, queue: str, *, bus: EventBus, tasks: TaskStore) -> None:
        self.queue = queue
        self.bus = bus
        self.tasks = tasks

    def run(self, stop: threading.Event) -> None:
        """Sweep until `stop` is set; replicas spread over the period."""
        while not stop.wait(PERIOD * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter, no secret
            try:
                self.sweep(time.time())
            except Transient as error:
                log.warning("sweep.waits", **logs.describe(error))

    def sweep(self, now: float) -> int:
        """Wake what is due; return how many events were published."""
        query = TaskQuery(stages=stages_of(self.queue), sweep_before=now, limit=100)
        return sum(self._wake(task, now) for task in self.tasks.find(query))

    def _wake(self, task: Task, now: float) -> int:
        found: list[str | None] = []

        def alter(newest: Task) -> None:
            found[:] = list(transitions.due_for_sweep(newest, now))
            if not found:
                raise Conflict("nothing-to-sweep")

        try:
            saved = ledger.change(self.tasks, task.id, alter)
        except (Conflict, NotFound):
            return 0
        for delivery_id in found:
            self.bus.publish(wake(saved, delivery_id))
        metrics.SWEPT.labels(saved.stage).inc(len(found))
        log.info("task.swept", task=saved.id, stage=saved.stage, count=len(found))
        return len(found)

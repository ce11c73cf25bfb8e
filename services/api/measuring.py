"""Tasks and queues as gauges: measured by the api, for every service whether it runs or not."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog

from petfectior import logs
from petfectior.errors import Transient
from petfectior.metrics import OLDEST_TASK, QUEUE, QUEUE_OLDEST, TASKS
from petfectior.ports import EventBus, TaskQuery, TaskStore
from petfectior.service import Ports
from petfectior.topology import QUEUES
from petfectior.work import Stage, Status

SECONDS: Final = 10.0
OPEN: Final = (Status.WAITING, Status.WORKING)
log = structlog.get_logger()


def keep_measuring(ports: Ports, stop: threading.Event) -> None:
    """Measure until `stop` is set; a store that is down leaves the last values."""
    while True:
        try:
            measure(ports.tasks, ports.bus)
        except Transient as error:
            log.warning("measuring.waits", **logs.describe(error))
        if stop.wait(SECONDS):
            return


def measure(tasks: TaskStore, bus: EventBus) -> None:
    """Set the gauges of tasks and queues."""
    tally = tasks.tally()
    for stage in Stage:
        for status in Status:
            TASKS.labels(stage.value, status.value).set(tally.get((stage, status), 0))
    oldest = tasks.find(TaskQuery(stages=tuple(Stage), statuses=OPEN, newest_first=False, limit=1))
    OLDEST_TASK.set(max(0.0, time.time() - oldest[0].created_at) if oldest else 0.0)
    for queue in QUEUES:
        depth = bus.depth(queue)
        for state, count in depth.model_dump(exclude={"oldest"}).items():
            QUEUE.labels(queue, state).set(count)
        QUEUE_OLDEST.labels(queue).set(max(0.0, time.time() - depth.oldest) if depth.oldest else 0.0)

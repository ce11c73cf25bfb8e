"""What each replica tells of itself in the Registry: that it lives, how busy it is, what room it has."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict

from petfectior import __version__, logs, metrics
from petfectior.errors import Transient
from petfectior.ports import EventBus, Registry
from petfectior.settings import Settings
from petfectior.topology import QUEUES

KIND: Final = "replica"
SECONDS: Final = 5.0
SILENT_SECONDS: Final = 30.0
"""A replica that was not heard of for so long is shown as gone."""
FORGOTTEN_SECONDS: Final = 86400.0
MINUTE: Final = 60.0
log = structlog.get_logger()


class Replica(BaseModel):
    """One process of a service."""

    model_config = ConfigDict(frozen=True)

    service: str
    version: str
    started: float
    beat: float
    pid: int
    health_port: int
    per_minute: float | None = None
    data_free: int = 0
    data_total: int = 0
    spool_bytes: int | None = None
    spool_parts: int | None = None

    def alive(self, now: float) -> bool:
        """Tell whether the replica was heard of lately."""
        return now - self.beat < SILENT_SECONDS


class Heartbeat:
    """Beats until told to stop.

    Parameters
    ----------
    health_port
        Where this process's health and metrics are.
    """

    def __init__(
        self, service: str, base: Settings, registry: Registry, bus: EventBus, health_port: int
    ) -> None:
        self._service = service
        self._base = base
        self._registry = registry
        self._bus = bus
        self._health_port = health_port
        self._began = time.time()
        self._handled: deque[tuple[float, float]] = deque(maxlen=int(MINUTE / SECONDS) + 1)

    def run(self, stop: threading.Event) -> None:
        """Tell the Registry every few seconds that this replica lives, and measure its queue."""
        while True:
            try:
                self._registry.put(KIND, self._base.replica, self._told().model_dump(mode="json"))
                self._measure()
            except Transient as error:
                log.warning("heartbeat.waits", **logs.describe(error))
            if stop.wait(SECONDS):
                return

    def _told(self) -> Replica:
        scp = self._service == "scp"
        disk = shutil.disk_usage(_existing(self._base.spool if scp else self._base.data_dir))
        return Replica(
            service=self._service,
            version=__version__,
            started=self._began,
            beat=time.time(),
            pid=os.getpid(),
            health_port=self._health_port,
            per_minute=self._per_minute() if self._service in QUEUES else None,
            data_free=disk.free,
            data_total=disk.total,
            spool_bytes=int(_value(metrics.SPOOL_BYTES)) if scp else None,
            spool_parts=int(_value(metrics.SPOOL_PARTS)) if scp else None,
        )

    def _per_minute(self) -> float:
        self._handled.append((time.monotonic(), _value(metrics.HANDLED)))
        (first, before), (last, now) = self._handled[0], self._handled[-1]
        return round((now - before) * MINUTE / (last - first), 1) if last > first else 0.0

    def _measure(self) -> None:
        if self._service not in QUEUES:
            return
        depth = self._bus.depth(self._service)
        for state, count in depth.model_dump(exclude={"oldest"}).items():
            metrics.QUEUE.labels(self._service, state).set(count)
        oldest = max(0.0, time.time() - depth.oldest) if depth.oldest else 0.0
        metrics.QUEUE_OLDEST.labels(self._service).set(oldest)


def replicas(registry: Registry) -> dict[str, Replica]:
    """Return all replicas that were heard of within a day, by name."""
    since = time.time() - FORGOTTEN_SECONDS
    found = {record.key: Replica.model_validate(record.value) for record in registry.list(KIND)}
    return {name: one for name, one in found.items() if one.beat > since}


def forget_old(registry: Registry) -> None:
    """Remove replicas that were not heard of for a day: in containers each start has a name of its own."""
    known = replicas(registry)
    for record in registry.list(KIND):
        if record.key not in known:
            registry.delete(KIND, record.key)


def _value(metric: metrics.Metric) -> float:
    """Return the sum of a metric's series in this process."""
    samples = (one for family in metric.collect() for one in family.samples)
    return sum(one.value for one in samples if not one.name.endswith("_created"))


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)

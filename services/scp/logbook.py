"""Writes the association log beside the network path, which never waits for a store."""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from typing import Final

import structlog

from petfectior import association_log
from petfectior.association_log import Association
from petfectior.errors import Conflict, Transient
from petfectior.ports import Registry

WRITE_SECONDS: Final = 1.0
TRIM_SECONDS: Final = 60.0
MOST_WAITING: Final = 1000
log = structlog.get_logger()


class Logbook:
    """Takes entries from any thread and brings them to the Registry.

    While the Registry is down the newest entries wait; what is over their number is counted and dropped.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._told: queue.SimpleQueue[Association] = queue.SimpleQueue()
        self._waiting: OrderedDict[str, Association] = OrderedDict()
        self._trimmed_at = 0.0

    def note(self, entry: Association) -> None:
        """Have `entry` written soon."""
        if self._told.qsize() < MOST_WAITING:
            self._told.put(entry)

    def run(self, stop: threading.Event) -> None:
        """Write until `stop` is set, and then what is left."""
        while not stop.wait(WRITE_SECONDS):
            self._write()
        self._write()

    def _write(self) -> None:
        self._collect()
        try:
            while self._waiting:
                key, entry = next(iter(self._waiting.items()))
                association_log.add(self._registry, entry)
                del self._waiting[key]
            if time.monotonic() - self._trimmed_at > TRIM_SECONDS:
                association_log.trim(self._registry)
                self._trimmed_at = time.monotonic()
        except (Transient, Conflict) as error:
            log.info("association-log.waits", count=len(self._waiting), exc_info=error)

    def _collect(self) -> None:
        for _ in range(self._told.qsize()):
            entry = self._told.get()
            before = self._waiting.get(entry.fold)
            self._waiting[entry.fold] = before.folded(entry) if before and entry.is_refusal else entry
        dropped = 0
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
            dropped += 1
        if dropped:
            log.warning("association-log.dropped", count=dropped)

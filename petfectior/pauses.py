"""Services that a person has paused: kept in the Registry, so that a pause outlives restarts.

A paused worker takes no further event; what it has in hand it finishes. Its events wait in the queue. A
paused receiver rejects new associations for the time being; those that are under way go on.
"""

from __future__ import annotations

import time
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict

from petfectior import logs
from petfectior.errors import NotFound, Transient
from petfectior.ports import Registry
from petfectior.topology import QUEUES

KIND: Final = "pause"
MONITOR: Final = "server-monitor"
RECEIVER: Final = "scp"
PAUSABLE: Final = (RECEIVER, *QUEUES, MONITOR)
"""Not the web pages: nobody could resume them there."""
AGE_SECONDS: Final = 1.0
log = structlog.get_logger()


class Pause(BaseModel):
    """Who paused a service, and when."""

    model_config = ConfigDict(frozen=True)

    who: str
    at: float


class Switch:
    """Tells one service whether it is paused; asks the Registry once a second at most."""

    def __init__(self, registry: Registry, service: str) -> None:
        self._registry = registry
        self._service = service
        self._asked = -AGE_SECONDS
        self._paused = False

    def paused(self) -> bool:
        """Return the newest that is known; while the Registry does not answer, the last."""
        if time.monotonic() - self._asked >= AGE_SECONDS:
            self._asked = time.monotonic()
            try:
                self._paused = self._service in all_pauses(self._registry)
            except Transient as error:
                log.warning("pause.unknown", **logs.describe(error))
        return self._paused


def all_pauses(registry: Registry) -> dict[str, Pause]:
    """Return what is paused."""
    return {record.key: Pause.model_validate(record.value) for record in registry.list(KIND)}


def pause(registry: Registry, service: str, who: str) -> None:
    """Pause a service, on all replicas. Raises `NotFound` if there is none that can be."""
    _require_pausable(service)
    registry.put(KIND, service, Pause(who=who, at=time.time()).model_dump(mode="json"))


def resume(registry: Registry, service: str) -> None:
    """Let a service go on. Raises `NotFound` if there is none that can be paused."""
    _require_pausable(service)
    registry.delete(KIND, service)


def _require_pausable(service: str) -> None:
    if service not in PAUSABLE:
        raise NotFound("service-not-pausable")

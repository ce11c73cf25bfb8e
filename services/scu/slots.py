"""How many deliveries run to a destination at once, over all replicas; and which destination is down."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from petfectior.errors import Busy, Conflict, NotFound
from petfectior.ports import Registry
from petfectior.task import Destination

SLOT: Final = "slot"
DOWN: Final = "destination-down"
LEASE_SECONDS: Final = 75.0
"""Longer than the longest wait for one response, in which no slot is renewed."""
RENEWAL_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 1.0


def key_of(destination: Destination) -> str:
    """Return the Registry key of an application entity; it shows neither title nor address."""
    entity = f"{destination.ae_title}\0{destination.address}\0{destination.port}"
    return hashlib.sha256(entity.encode()).hexdigest()[:32]


@dataclass
class Slot:
    """A place among the deliveries that run to one destination."""

    registry: Registry
    key: str
    token: str
    revision: int
    renewed: float

    def renew(self) -> None:
        """Extend the lease when it is time. A slot that was lost is not fought for."""
        if time.time() - self.renewed < RENEWAL_SECONDS:
            return
        with contextlib.suppress(Conflict):
            self._write()

    def _write(self) -> None:
        self.renewed = time.time()
        value: dict[str, JsonValue] = {"token": self.token, "until": self.renewed + LEASE_SECONDS}
        self.revision = self.registry.put(SLOT, self.key, value, revision=self.revision).revision

    def release(self) -> None:
        """Make room for the next delivery."""
        with contextlib.suppress(Conflict):
            self.registry.delete(SLOT, self.key, revision=self.revision)


@contextlib.contextmanager
def slot(registry: Registry, destination: Destination, limit: int, token: str) -> Iterator[Slot]:
    """Hold one of `limit` slots of a destination.

    Raises
    ------
    Busy
        If all are taken.
    """
    taken = _take(registry, key_of(destination), limit, token)
    if taken is None:
        raise Busy("no-free-slot", retry_after=RETRY_SECONDS)
    try:
        yield taken
    finally:
        taken.release()


def _take(registry: Registry, destination_key: str, limit: int, token: str) -> Slot | None:
    for number in range(limit):
        key = f"{destination_key}-{number}"
        revision = _free_revision(registry, key)
        if revision is None:
            continue
        candidate = Slot(registry, key, token, revision, 0.0)
        with contextlib.suppress(Conflict):
            candidate._write()  # noqa: SLF001 - of the same module
            return candidate
    return None


def _free_revision(registry: Registry, key: str) -> int | None:
    try:
        record = registry.get(SLOT, key)
    except NotFound:
        return 0
    until = record.value["until"]
    return record.revision if isinstance(until, float | int) and until < time.time() else None


def mark_down(registry: Registry, destination: Destination, until: float) -> None:
    """Note that nobody need try the destination before `until`."""
    registry.put(DOWN, key_of(destination), {"until": until})


def mark_up(registry: Registry, destination: Destination) -> None:
    """Forget that the destination was down."""
    registry.delete(DOWN, key_of(destination))


def down_for(registry: Registry, destination: Destination) -> float:
    """Return the seconds for which the destination need not be tried; 0 if it may be."""
    try:
        until = registry.get(DOWN, key_of(destination)).value["until"]
    except NotFound:
        return 0.0
    return max(0.0, until - time.time()) if isinstance(until, float | int) else 0.0

"""A consumer of the embedded EventBus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection

from petfectior.adapters import consumer_lock, sqlite_messages
from petfectior.adapters.sqlite_database import Pulse, SqliteDatabase
from petfectior.events import Event

log = structlog.get_logger()
DEATH_POLL_SECONDS: Final = 0.2


class SqliteDelivered:
    """An event in hand, held under a token; a settlement that comes too late changes nothing."""

    def __init__(
        self, subscription: SqliteSubscription, event: Event, body: str, message: int, token: str
    ) -> None:
        self.event = event
        self._body = body
        self._subscription = subscription
        self._message = message
        self._token = token

    def ack(self) -> None:
        """Drop the message."""
        self._settle(lambda connection: sqlite_messages.drop(connection, self._token, self._message))

    def retry(self, delay: float) -> None:
        """Free the message for `delay` seconds from now."""
        due = time.time() + max(0.0, delay)
        self._settle(lambda connection: sqlite_messages.postpone(connection, self._token, self._message, due))

    def dead_letter(self, reason: str) -> None:
        """Move the message to the dead letters."""

        def move(connection: Connection) -> bool:
            held = sqlite_messages.drop(connection, self._token, self._message)
            if held:
                queue = self._subscription.queue
                sqlite_messages.park(connection, queue, self._token, self._body, reason)
            return held

        self._settle(move)

    def _settle(self, change: Callable[[Connection], bool]) -> None:
        if not self._subscription.settle(self._token, change):
            log.warning("settlement.stale", queue=self._subscription.queue, task=self.event.task_id)


class SqliteSubscription:
    """Hands out the events of one queue, at most `prefetch` unsettled at a time.

    Parameters
    ----------
    consumers
        Folder of the locks that tell living consumers from dead ones.
    """

    def __init__(
        self, database: SqliteDatabase, pulse: Pulse, consumers: Path, queue: str, prefetch: int
    ) -> None:
        self.queue = queue
        self._database = database
        self._pulse = pulse
        self._consumers = consumers
        self._lock = consumer_lock.ConsumerLock(consumers)
        self._slots = threading.BoundedSemaphore(prefetch)
        self._held: set[str] = set()
        self._held_guard = threading.Lock()
        self._next_death_poll = 0.0
        self._closed = False

    def receive(self, timeout: float) -> SqliteDelivered | None:
        """Return the next event, or None after `timeout` seconds without one."""
        deadline = time.monotonic() + timeout
        if not self._slots.acquire(timeout=max(0.0, timeout)):
            return None
        delivered = None
        try:
            delivered = self._wait(deadline)
        finally:
            if delivered is None:
                self._slots.release()
        return delivered

    def alive(self) -> bool:
        """Tell whether this consumer was not closed: there is no server to lose."""
        return not self._closed

    def settle(self, token: str, change: Callable[[Connection], bool]) -> bool:
        """Apply the settlement of what is held under `token`, and make room for the next event."""
        with self._database.write() as connection:
            settled = change(connection)
        with self._held_guard:
            held = token in self._held
            self._held.discard(token)
        if held:
            self._slots.release()
        self._pulse.beat()
        return settled

    def close(self) -> None:
        """Free what is held, for other consumers."""
        if self._closed:
            return
        self._closed = True
        with self._database.write() as connection:
            sqlite_messages.release(connection, self._lock.name)
        self._lock.release()
        self._pulse.beat()

    def _wait(self, deadline: float) -> SqliteDelivered | None:
        while not self._closed:
            seen = self._pulse.count
            self._free_what_the_dead_hold()
            with self._database.read() as connection:
                due = sqlite_messages.next_due(connection, self.queue)
            if due is not None and due <= time.time():
                delivered = self._take()
                if delivered is not None:
                    return delivered
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            until_due = DEATH_POLL_SECONDS if due is None else due - time.time()
            self._pulse.wait(seen, min(left, until_due, DEATH_POLL_SECONDS))
        return None

    def _take(self) -> SqliteDelivered | None:
        token = uuid4().hex
        with self._database.write() as connection:
            if self._closed:
                return None
            handed = sqlite_messages.hand_out(connection, self.queue, self._lock.name, token)
            if handed is None:
                return None
            message, body = handed
            try:
                event = Event.model_validate_json(body)
            except ValidationError:
                sqlite_messages.drop(connection, token, message)
                sqlite_messages.park(connection, self.queue, token, body, "event-unknown")
                return None
        with self._held_guard:
            self._held.add(token)
        return SqliteDelivered(self, event, body, message, token)

    def _free_what_the_dead_hold(self) -> None:
        if time.monotonic() < self._next_death_poll:
            return
        self._next_death_poll = time.monotonic() + DEATH_POLL_SECONDS
        with self._database.read() as connection:
            holders = sqlite_messages.holders(connection, self.queue)
        for name in holders:
            if name != self._lock.name and consumer_lock.is_dead(self._consumers, name):
                with self._database.write() as connection:
                    count = sqlite_messages.release(connection, name)
                consumer_lock.forget(self._consumers, name)
                log.warning("consumer.died", queue=self.queue, count=count)

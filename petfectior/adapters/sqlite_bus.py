"""EventBus over one SQLite file: durable queues for many processes on one machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Row, and_, delete, func, select

from petfectior import topology
from petfectior.adapters import sqlite_messages
from petfectior.adapters.sqlite_database import Pulse, SqliteDatabase
from petfectior.adapters.sqlite_messages import DEAD, MESSAGES, METADATA
from petfectior.adapters.sqlite_subscription import SqliteSubscription
from petfectior.errors import NotFound
from petfectior.events import Event
from petfectior.ports import DeadLetter, QueueDepth

FILE: Final = "bus.db"


class SqliteEventBus:
    """Queues in `folder`. What a dead consumer held is handed out again within a fraction of a second.

    Parameters
    ----------
    folder
        A folder on a local disk; created if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._database = SqliteDatabase(folder / FILE, METADATA, "broker-unavailable")
        self._consumers = folder / "consumers"
        self._pulse = Pulse(self._database.path)

    def publish(self, event: Event) -> None:
        """Store `event` in the queue that the topology names; durable when this returns."""
        with self._database.write() as connection:
            sqlite_messages.add(connection, topology.queue_of(event.key), event.model_dump_json())
        self._pulse.beat()

    @contextmanager
    def subscribe(self, queue: str, prefetch: int) -> Iterator[SqliteSubscription]:
        """Consume `queue`; at most `prefetch` events are out unsettled at a time."""
        subscription = SqliteSubscription(self._database, self._pulse, self._consumers, queue, prefetch)
        try:
            yield subscription
        finally:
            subscription.close()

    def depth(self, queue: str) -> QueueDepth:
        """Count what `queue` holds."""
        free = MESSAGES.c.consumer.is_(None)
        ready = and_(free, MESSAGES.c.due <= time.time())
        with self._database.read() as connection:
            row = connection.execute(
                select(
                    func.count().filter(ready).label("ready"),
                    func.count().filter(and_(free, ~ready)).label("delayed"),
                    func.count().filter(~free).label("unsettled"),
                    func.min(MESSAGES.c.published_at).filter(ready).label("oldest"),
                ).where(MESSAGES.c.queue == queue)
            ).one()
            dead = connection.execute(select(func.count()).where(DEAD.c.queue == queue)).scalar_one()
        return QueueDepth(
            ready=row.ready, delayed=row.delayed, unsettled=row.unsettled, oldest=row.oldest, dead=dead
        )

    def dead_letters(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        """List parked events of `queue`, oldest first; those of an unknown version are left out."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(DEAD).where(DEAD.c.queue == queue).order_by(DEAD.c.parked_at, DEAD.c.id).limit(limit)
            ).all()
        letters = [_dead_letter(row) for row in rows]
        return [letter for letter in letters if letter is not None]

    def take_dead_letter(self, queue: str, dead_letter_id: str) -> DeadLetter:
        """Remove one parked event and return it. Raises `NotFound`."""
        which = and_(DEAD.c.queue == queue, DEAD.c.id == dead_letter_id)
        with self._database.write() as connection:
            row = connection.execute(select(DEAD).where(which)).first()
            letter = None if row is None else _dead_letter(row)
            if letter is None:
                raise NotFound("dead-letter-missing")
            connection.execute(delete(DEAD).where(which))
        return letter

    def close(self) -> None:
        """Stop polling and release connections."""
        self._pulse.stop()
        self._database.close()


def _dead_letter(row: Row[tuple[str, str, str, str, float]]) -> DeadLetter | None:
    try:
        event = Event.model_validate_json(row.body)
    except ValidationError:
        return None
    return DeadLetter(id=row.id, queue=row.queue, event=event, reason=row.reason, parked_at=row.parked_at)

"""The tables of the embedded EventBus, and what its consumers do with their rows."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

METADATA: Final = MetaData()

MESSAGES: Final = Table(
    "messages",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("queue", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("published_at", Float, nullable=False),
    Column("due", Float, nullable=False),
    Column("consumer", String),
    Column("token", String),
    sqlite_autoincrement=True,
)
Index(
    "messages_free",
    MESSAGES.c.queue,
    MESSAGES.c.due,
    MESSAGES.c.id,
    sqlite_where=MESSAGES.c.consumer.is_(None),
)
Index("messages_held", MESSAGES.c.queue, MESSAGES.c.consumer, sqlite_where=MESSAGES.c.consumer.is_not(None))

DEAD: Final = Table(
    "dead_letters",
    METADATA,
    Column("id", String, primary_key=True),
    Column("queue", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("reason", String, nullable=False),
    Column("parked_at", Float, nullable=False),
)
Index("dead_letters_by_age", DEAD.c.queue, DEAD.c.parked_at)


def add(connection: Connection, queue: str, body: str) -> None:
    """Put a message at the end of a queue."""
    now = time.time()
    connection.execute(insert(MESSAGES).values(queue=queue, body=body, published_at=now, due=now))


def next_due(connection: Connection, queue: str) -> float | None:
    """Return when the first free message may be handed out; None if there is none."""
    return connection.execute(
        select(MESSAGES.c.due)
        .where(MESSAGES.c.queue == queue, MESSAGES.c.consumer.is_(None))
        .order_by(MESSAGES.c.due, MESSAGES.c.id)
        .limit(1)
    ).scalar()


def hand_out(connection: Connection, queue: str, consumer: str, token: str) -> tuple[int, str] | None:
    """Give the first due message to a consumer; return its id and body."""
    row = connection.execute(
        select(MESSAGES.c.id, MESSAGES.c.body)
        .where(MESSAGES.c.queue == queue, MESSAGES.c.consumer.is_(None), MESSAGES.c.due <= time.time())
        .order_by(MESSAGES.c.due, MESSAGES.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    connection.execute(update(MESSAGES).where(MESSAGES.c.id == row.id).values(consumer=consumer, token=token))
    return row.id, row.body


def drop(connection: Connection, token: str, message: int) -> bool:
    """Remove a message that is still held under `token`."""
    return (
        connection.execute(
            delete(MESSAGES).where(MESSAGES.c.id == message, MESSAGES.c.token == token)
        ).rowcount
        > 0
    )


def postpone(connection: Connection, token: str, message: int, due: float) -> bool:
    """Free a message that is still held under `token`, for `due`."""
    return (
        connection.execute(
            update(MESSAGES)
            .where(MESSAGES.c.id == message, MESSAGES.c.token == token)
            .values(consumer=None, token=None, due=due)
        ).rowcount
        > 0
    )


def park(connection: Connection, queue: str, identity: str, body: str, reason: str) -> None:
    """Add a dead letter."""
    connection.execute(
        insert(DEAD).values(id=identity, queue=queue, body=body, reason=reason, parked_at=time.time())
    )


def holders(connection: Connection, queue: str) -> list[str]:
    """Return the consumers that hold messages of a queue."""
    found = connection.execute(
        select(MESSAGES.c.consumer)
        .where(MESSAGES.c.queue == queue, MESSAGES.c.consumer.is_not(None))
        .distinct()
    )
    return [str(name) for name in found.scalars()]


def release(connection: Connection, consumer: str) -> int:
    """Free all that a consumer holds; return how many messages that were."""
    return connection.execute(
        update(MESSAGES).where(MESSAGES.c.consumer == consumer).values(consumer=None, token=None)
    ).rowcount

"""Journal over one SQLite file of its own, so that log lines keep no task waiting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import Select

from petfectior.adapters.sqlite_database import SqliteDatabase
from petfectior.journal import Kind, Line, Search, first_id

FILE: Final = "journal.db"
METADATA: Final = MetaData()
LINES: Final = Table(
    "lines",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("service", String, nullable=False),
    Column("level", String, nullable=False),
    Column("task", String),
    Column("text", Text, nullable=False),
    Index("lines_by_kind", "kind", "id"),
    Index("lines_by_service", "kind", "service", "id"),
    Index("lines_by_level", "kind", "level", "id"),
    Index("lines_by_task", "kind", "task", "id"),
)
APPEND_ONLY: Final = (
    "CREATE TRIGGER audit_no_{act} BEFORE {act} ON lines WHEN OLD.kind = 'audit' "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
)


@event.listens_for(LINES, "after_create")
def _protect(_table: object, connection: Connection, **_: object) -> None:
    for act in ("update", "delete"):
        connection.exec_driver_sql(APPEND_ONLY.format(act=act))


class SqliteJournal:
    """Lines in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._database = SqliteDatabase(folder / FILE, METADATA, "store-unavailable")

    def append(self, lines: Sequence[Line]) -> None:
        """Store lines; durable when this returns."""
        rows = [{**line.model_dump(exclude={"fields"}), "text": json.dumps(line.fields)} for line in lines]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert(LINES).on_conflict_do_nothing(), rows)

    def find(self, search: Search) -> list[Line]:
        """Return the newest lines that match, newest first."""
        with self._database.read() as connection:
            return [_line(row) for row in connection.execute(_query(search))]

    def forget(self, before: float) -> int:
        """Remove log lines older than `before`; return how many."""
        with self._database.write() as connection:
            old = delete(LINES).where(LINES.c.kind == Kind.LOG, LINES.c.id < first_id(before))
            return connection.execute(old).rowcount

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def _query(search: Search) -> Select[tuple[object, ...]]:
    query = select(LINES).where(LINES.c.kind == search.kind).order_by(LINES.c.id.desc()).limit(search.limit)
    if search.services:
        query = query.where(LINES.c.service.in_(search.services))
    if search.levels:
        query = query.where(LINES.c.level.in_(search.levels))
    if search.task is not None:
        query = query.where(LINES.c.task == search.task)
    if search.since is not None:
        query = query.where(LINES.c.id >= first_id(search.since))
    if search.until is not None:
        query = query.where(LINES.c.id < first_id(search.until))
    if search.before is not None:
        query = query.where(LINES.c.id < search.before)
    if search.text:
        query = query.where(LINES.c.text.icontains(json.dumps(search.text)[1:-1], autoescape=True))
    return query


def _line(row: Row[tuple[object, ...]]) -> Line:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    known = {name: found[name] for name in ("id", "kind", "at", "service", "level", "task")}
    return Line(**known, fields=json.loads(found["text"]))

"""Registry over one SQLite file."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from petfectior.adapters.sqlite_database import SqliteDatabase
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Record

FILE: Final = "registry.db"
METADATA: Final = MetaData()
RECORDS: Final = Table(
    "records",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)


class SqliteRegistry:
    """Small records in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._database = SqliteDatabase(folder / FILE, METADATA, "store-unavailable")

    def get(self, kind: str, key: str) -> Record:
        """Return a record. Raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(
                select(RECORDS).where(RECORDS.c.kind == kind, RECORDS.c.key == key)
            ).first()
        if row is None:
            raise NotFound("record-missing", kind=kind)
        return Record(kind=row.kind, key=row.key, value=json.loads(row.value), revision=row.revision)

    def put(self, kind: str, key: str, value: dict[str, JsonValue], revision: int | None = None) -> Record:
        """Write a record, by compare-and-set if `revision` is given. Raises `Conflict`."""
        with self._database.write() as connection:
            stored = _checked_revision(connection, kind, key, revision)
            row = {"kind": kind, "key": key, "value": json.dumps(value), "revision": stored + 1}
            connection.execute(
                insert(RECORDS)
                .values(row)
                .on_conflict_do_update(
                    index_elements=[RECORDS.c.kind, RECORDS.c.key],
                    set_={"value": row["value"], "revision": row["revision"]},
                )
            )
        return Record(kind=kind, key=key, value=value, revision=stored + 1)

    def delete(self, kind: str, key: str, revision: int | None = None) -> None:
        """Remove a record; no error if there is none. Raises `Conflict` on another revision."""
        with self._database.write() as connection:
            if _revision(connection, kind, key) == 0:
                return
            _checked_revision(connection, kind, key, revision)
            connection.execute(delete(RECORDS).where(_named(kind, key)))

    def list(self, kind: str) -> builtins.list[Record]:
        """Return all records of a kind, by key."""
        with self._database.read() as connection:
            rows = connection.execute(select(RECORDS).where(RECORDS.c.kind == kind).order_by(RECORDS.c.key))
            return [
                Record(kind=row.kind, key=row.key, value=json.loads(row.value), revision=row.revision)
                for row in rows
            ]

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def _named(kind: str, key: str) -> ColumnElement[bool]:
    return and_(RECORDS.c.kind == kind, RECORDS.c.key == key)


def _revision(connection: Connection, kind: str, key: str) -> int:
    """Return the stored revision, 0 if there is no record."""
    return connection.execute(select(RECORDS.c.revision).where(_named(kind, key))).scalar() or 0


def _checked_revision(connection: Connection, kind: str, key: str, expected: int | None) -> int:
    stored = _revision(connection, kind, key)
    if expected is not None and stored != expected:
        raise Conflict("record-changed", kind=kind)
    return stored

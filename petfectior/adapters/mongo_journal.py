"""Journal on MongoDB."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pymongo import IndexModel
from pymongo.errors import BulkWriteError

from petfectior.adapters.mongo_database import Document, MongoDatabase
from petfectior.journal import Kind, Line, Search, first_id

COLLECTION: Final = "journal"
INDEXES: Final = (
    IndexModel([("kind", 1), ("_id", 1)], name="by_kind"),
    IndexModel([("kind", 1), ("service", 1), ("_id", 1)], name="by_service"),
    IndexModel([("kind", 1), ("level", 1), ("_id", 1)], name="by_level"),
    IndexModel([("kind", 1), ("service", 1), ("level", 1), ("_id", 1)], name="by_service_and_level"),
    IndexModel([("kind", 1), ("task", 1), ("_id", 1)], name="by_task"),
)
DUPLICATE: Final = 11000


class MongoJournal:
    """Lines of all services.

    Parameters
    ----------
    url
        ``mongodb(+srv)://…/database``.
    """

    def __init__(self, url: str) -> None:
        self._database = MongoDatabase(url, COLLECTION, INDEXES)

    def append(self, lines: Sequence[Line]) -> None:
        """Store lines; durable when this returns."""
        if not lines:
            return
        with self._database.use() as collection, _new_ones_only():
            collection.insert_many([_document(line) for line in lines], ordered=False)

    def find(self, search: Search) -> list[Line]:
        """Return the newest lines that match, newest first."""
        with self._database.use() as collection:
            found = collection.find(_filter(search)).sort([("kind", -1), ("_id", -1)]).limit(search.limit)
            return [_line(one) for one in found]

    def forget(self, before: float) -> int:
        """Remove log lines older than `before`; return how many."""
        with self._database.use() as collection:
            old = {"kind": Kind.LOG.value, "_id": {"$lt": first_id(before)}}
            return collection.delete_many(old).deleted_count

    def close(self) -> None:
        """Release connections."""
        self._database.close()


@contextlib.contextmanager
def _new_ones_only() -> Iterator[None]:
    """Let pass that a line was stored before: its writer had no answer and sent it again."""
    try:
        yield
    except BulkWriteError as error:
        others = [one for one in error.details["writeErrors"] if one["code"] != DUPLICATE]
        if others:
            raise


def _document(line: Line) -> Document:
    document = line.model_dump(mode="json", exclude={"id", "fields"})
    return {"_id": line.id, **document, "text": json.dumps(line.fields)}


def _filter(search: Search) -> Document:
    wanted: Document = {"kind": search.kind.value}
    if search.services:
        wanted["service"] = {"$in": list(search.services)}
    if search.levels:
        wanted["level"] = {"$in": list(search.levels)}
    if search.task is not None:
        wanted["task"] = search.task
    limits: Document = {}
    if search.since is not None:
        limits["$gte"] = first_id(search.since)
    ends = [first_id(search.until)] if search.until is not None else []
    ends += [search.before] if search.before is not None else []
    if ends:
        limits["$lt"] = min(ends)
    if limits:
        wanted["_id"] = limits
    if search.text:
        wanted["text"] = {"$regex": re.escape(json.dumps(search.text)[1:-1]), "$options": "i"}
    return wanted


def _line(found: Document) -> Line:
    known = {name: found[name] for name in ("kind", "at", "service", "level", "task")}
    return Line(id=found["_id"], **known, fields=json.loads(found["text"]))

"""Registry on MongoDB."""

from __future__ import annotations

import builtins
import json
from typing import Final

from pydantic import JsonValue
from pymongo import IndexModel, ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from petfectior.adapters.mongo_database import Document, MongoDatabase
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Record

COLLECTION: Final = "registry"
INDEXES: Final = (IndexModel([("kind", 1), ("key", 1)], name="by_kind", unique=True),)


class MongoRegistry:
    """Small records; a value is kept as JSON, since its keys may be any text.

    Parameters
    ----------
    url
        ``mongodb(+srv)://…/database``.
    """

    def __init__(self, url: str) -> None:
        self._database = MongoDatabase(url, COLLECTION, INDEXES)

    def get(self, kind: str, key: str) -> Record:
        """Return a record. Raises `NotFound`."""
        with self._database.use() as records:
            found = records.find_one({"kind": kind, "key": key})
        if found is None:
            raise NotFound("record-missing", kind=kind)
        return _record(found)

    def put(self, kind: str, key: str, value: dict[str, JsonValue], revision: int | None = None) -> Record:
        """Write a record, by compare-and-set if `revision` is given. Raises `Conflict`."""
        with self._database.use() as records:
            if revision is None:
                stored = _overwrite(records, kind, key, value)
            else:
                stored = _replace(records, kind, key, value, revision)
        return Record(kind=kind, key=key, value=value, revision=stored)

    def delete(self, kind: str, key: str, revision: int | None = None) -> None:
        """Remove a record; no error if there is none. Raises `Conflict` on another revision."""
        named: Document = {"kind": kind, "key": key}
        wanted = named if revision is None else {**named, "revision": revision}
        with self._database.use() as records:
            if records.delete_one(wanted).deleted_count == 0 and records.find_one(named) is not None:
                raise Conflict("record-changed", kind=kind)

    def list(self, kind: str) -> builtins.list[Record]:
        """Return all records of a kind, by key."""
        with self._database.use() as records:
            found = records.find({"kind": kind}).sort([("kind", 1), ("key", 1)])
            return [_record(one) for one in found]

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def _record(found: Document) -> Record:
    value = json.loads(found["value"])
    return Record(kind=found["kind"], key=found["key"], value=value, revision=found["revision"])


def _overwrite(records: Collection[Document], kind: str, key: str, value: dict[str, JsonValue]) -> int:
    change = {"$set": {"value": json.dumps(value)}, "$inc": {"revision": 1}}
    while True:
        stored = records.find_one_and_update(
            {"kind": kind, "key": key}, change, return_document=ReturnDocument.AFTER
        )
        if stored is not None:
            return int(stored["revision"])
        try:
            return _insert(records, kind, key, value)
        except DuplicateKeyError:
            continue


def _replace(
    records: Collection[Document], kind: str, key: str, value: dict[str, JsonValue], revision: int
) -> int:
    if revision == 0:
        try:
            return _insert(records, kind, key, value)
        except DuplicateKeyError as error:
            raise Conflict("record-changed", kind=kind) from error
    wanted = {"kind": kind, "key": key, "revision": revision}
    change = {"$set": {"value": json.dumps(value), "revision": revision + 1}}
    if records.update_one(wanted, change).matched_count == 0:
        raise Conflict("record-changed", kind=kind)
    return revision + 1


def _insert(records: Collection[Document], kind: str, key: str, value: dict[str, JsonValue]) -> int:
    records.insert_one({"kind": kind, "key": key, "value": json.dumps(value), "revision": 1})
    return 1

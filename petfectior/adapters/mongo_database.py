"""One collection of a MongoDB database: connected, indexed and migrated when first used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError

from petfectior.errors import Permanent, Transient

Document = dict[str, Any]
Migration = Callable[[Database[Document]], None]
DEFAULT_DATABASE: Final = "petfectior"
SCHEMA: Final = "schema"


class MongoDatabase:
    """A collection; every write waits for a majority, and is retried once by the driver.

    Parameters
    ----------
    url
        ``mongodb(+srv)://…/database``.
    indexes
        All that the queries on the collection are held to.
    migrations
        Step n turns a collection of schema version n into one of n + 1. Each can be run again over its own
        half-done work, since two replicas may start at once.
    """

    def __init__(
        self, url: str, name: str, indexes: Sequence[IndexModel], migrations: Sequence[Migration] = ()
    ) -> None:
        self._client: MongoClient[Document] = MongoClient(
            url,
            w="majority",
            retryWrites=True,
            serverSelectionTimeoutMS=5000,
            connectTimeoutMS=5000,
            socketTimeoutMS=30000,
        )
        self._name = name
        self._indexes = indexes
        self._migrations = migrations
        self._guard = threading.Lock()
        self._prepared = False

    @contextmanager
    def use(self) -> Iterator[Collection[Document]]:
        """Give the collection.

        Raises
        ------
        Transient
            If the server does not answer. Errors that the body handles itself do not get here.
        Permanent
            If a newer program has migrated the collection.
        """
        try:
            database = self._client.get_default_database(DEFAULT_DATABASE)
            self._prepare(database)
            yield database[self._name]
        except PyMongoError as error:
            raise Transient("store-unavailable") from error

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _prepare(self, database: Database[Document]) -> None:
        with self._guard:
            if not self._prepared:
                self._migrate(database)
                database[self._name].create_indexes(list(self._indexes))
                self._prepared = True

    def _migrate(self, database: Database[Document]) -> None:
        """Run the steps that are missing; a collection that is new needs none."""
        newest = len(self._migrations)
        versions = database[SCHEMA]
        is_new = database[self._name].find_one({}) is None
        first = {"version": newest if is_new else 0}
        versions.update_one({"_id": self._name}, {"$setOnInsert": first}, upsert=True)
        stored = (versions.find_one({"_id": self._name}) or first)["version"]
        if stored > newest:
            raise Permanent("store-newer", stored=stored, known=newest)
        for version in range(stored, newest):
            self._migrations[version](database)
            versions.update_one({"_id": self._name, "version": version}, {"$set": {"version": version + 1}})

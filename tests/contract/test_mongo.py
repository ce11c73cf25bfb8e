"""The stores on MongoDB's protocol keep their contracts, migrate what is older and outlive their server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo import IndexModel, monitoring
from pymongo.database import Database

from petfectior.adapters import mongo_store
from petfectior.adapters.mongo_database import SCHEMA, MongoDatabase
from petfectior.adapters.mongo_store import MongoTaskStore
from petfectior.errors import Permanent, Transient
from petfectior.ports import Order, TaskQuery
from petfectior.reasons import sentence
from petfectior.task import Series, Task
from tests.contract.documents import a_task
from tests.contract.journal import JournalContract
from tests.contract.processes import Backend
from tests.contract.registry import RegistryContract
from tests.contract.task_store import TaskStoreContract
from tests.servers.fixtures import serving
from tests.servers.mongo import Mongo

pytestmark = pytest.mark.integration


class TestMongoTaskStore(TaskStoreContract):
    @pytest.fixture
    def backend(self, database_url: str) -> Backend:
        return Backend("petfectior.adapters.mongo_store:MongoTaskStore", database_url)


class TestMongoRegistry(RegistryContract):
    @pytest.fixture
    def backend(self, database_url: str) -> Backend:
        return Backend("petfectior.adapters.mongo_registry:MongoRegistry", database_url)


class TestMongoJournal(JournalContract):
    @pytest.fixture
    def backend(self, database_url: str) -> Backend:
        return Backend("petfectior.adapters.mongo_journal:MongoJournal", database_url)


def test_an_older_collection_is_migrated_once_and_a_newer_one_refused(database_url: str) -> None:
    ran = []

    def first(database: Any) -> None:
        ran.append(1)
        database["things"].update_many({}, {"$set": {"new": True}})

    old = MongoDatabase(database_url, "things", [IndexModel("n")])
    with old.use() as things:
        things.insert_one({"n": 1})
    for _ in range(2):
        new = MongoDatabase(database_url, "things", [IndexModel("n")], [first])
        with new.use() as things:
            assert (things.find_one({"n": 1}) or {})["new"]
        new.close()
    assert ran == [1]
    again = MongoDatabase(database_url, "things", [IndexModel("n")])
    with pytest.raises(Permanent, match="store-newer"), again.use():
        pass
    again.close()
    old.close()


def test_older_tasks_are_migrated_and_newer_ones_refused_by_a_sentence(database_url: str) -> None:
    with closing(MongoTaskStore(database_url)) as store:
        tasks = [store.insert(a_task(series=Series(tracer=tracer))) for tracer in ("18F-FDG", "68Ga-PSMA-11")]
    with _raw(database_url) as database:
        old = dict.fromkeys(("updated_at", "source", "tracer"), "")
        database[mongo_store.COLLECTION].update_many({}, {"$unset": old})
        database[SCHEMA].update_one({"_id": mongo_store.COLLECTION}, {"$set": {"version": 0}})
    for _ in range(2):
        with closing(MongoTaskStore(database_url)) as store:
            wanted = TaskQuery(tracer="18f-fdg", source="SCANNER", order=Order.UPDATED)
            assert store.find(wanted) == [tasks[0]]
            tasks[1] = store.replace(tasks[1])
    with _raw(database_url) as database:
        stored = database[SCHEMA].find_one({"_id": mongo_store.COLLECTION})
        assert stored is not None
        assert stored["version"] == len(mongo_store.MIGRATIONS)
        database[SCHEMA].update_one({"_id": mongo_store.COLLECTION}, {"$inc": {"version": 1}})
        before = list(database[mongo_store.COLLECTION].find())
        with closing(MongoTaskStore(database_url)) as store, pytest.raises(Permanent) as refused:
            store.find(TaskQuery())
        assert "newer" in sentence(refused.value.reason, "en")
        assert sentence(refused.value.reason, "es") != sentence(refused.value.reason, "en")
        assert list(database[mongo_store.COLLECTION].find()) == before


class AfterFind(monitoring.CommandListener):
    """Does something once, between a client's first find and what the client does next."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do: list[Callable[[], None]] = [do]

    def started(self, event: monitoring.CommandStartedEvent) -> None: ...

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name == "find" and self._do:
            self._do.pop()()

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def test_a_task_that_changes_while_it_is_migrated_keeps_its_change(database_url: str) -> None:
    with closing(MongoTaskStore(database_url)) as store:
        task = store.insert(a_task())
        with _raw(database_url) as database:
            database[mongo_store.COLLECTION].update_many({}, {"$unset": {"tracer": "", "updated_at": ""}})
        changed: list[Task] = []

        def change() -> None:
            changed.append(store.replace(task.model_copy(update={"series": Series(tracer="18F-FDG")})))

        with pymongo.MongoClient[dict[str, Any]](database_url, event_listeners=[AfterFind(change)]) as client:
            mongo_store.MIGRATIONS[0](client.get_default_database())
        assert store.find(TaskQuery(tracer="18f-fdg")) == changed != []


@contextmanager
def _raw(url: str) -> Iterator[Database[dict[str, Any]]]:
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        yield client.get_default_database()


def test_a_store_that_went_away_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    with serving(Mongo, tmp_path) as server:
        tasks = MongoTaskStore(server.url)
        task = tasks.insert(a_task())
        server.stop()
        with pytest.raises(Transient, match="store-unavailable"):
            tasks.find(TaskQuery())
        server.start()
        assert tasks.get(task.id) == task
        tasks.close()

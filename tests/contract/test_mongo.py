"""TaskStore and Registry on MongoDB's protocol keep the contract, and their queries to declared indexes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymongo
import pytest
from pymongo import IndexModel, monitoring

from petfectior.adapters import mongo_registry, mongo_store
from petfectior.adapters.mongo_database import MongoDatabase
from petfectior.adapters.mongo_registry import MongoRegistry
from petfectior.adapters.mongo_store import MongoTaskStore
from petfectior.errors import Permanent, Transient
from petfectior.ports import TaskQuery
from tests.contract.documents import a_task
from tests.contract.journal import JournalContract
from tests.contract.processes import Backend
from tests.contract.registry import RegistryContract
from tests.contract.task_store import TaskStoreContract
from tests.contract.test_sqlite_store import QUERIES
from tests.servers.fixtures import serving
from tests.servers.mongo import Mongo

pytestmark = pytest.mark.integration


@pytest.fixture
def database_url(mongo_url: str) -> Iterator[str]:
    """Return the URL of a database of the test's own."""
    base, _, options = mongo_url.partition("?")
    url = f"{base.rpartition('/')[0]}/t-{uuid4().hex[:12]}?{options}"
    yield url
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        client.drop_database(client.get_default_database().name)


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


class Listener(monitoring.CommandListener):
    """Keeps filter and sort of every command that searches."""

    def __init__(self) -> None:
        self.searches: list[tuple[dict[str, Any], list[str]]] = []
        self.finds: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command = event.command
        collection = command.get(event.command_name)
        if collection not in {mongo_store.COLLECTION, mongo_registry.COLLECTION}:
            return
        if event.command_name == "find":
            self.finds.append({name: command[name] for name in ("find", "filter", "sort") if name in command})
        if event.command_name in {"find", "findAndModify"}:
            wanted = command.get("filter", command.get("query", {}))
            self.searches.append((dict(wanted), list(command.get("sort", {}))))
        for one in [*command.get("updates", []), *command.get("deletes", [])]:
            self.searches.append((dict(one["q"]), []))
        for step in command.get("pipeline", []):
            if "$match" in step:
                self.searches.append((dict(step["$match"]), []))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def held_to(indexes: list[list[str]], wanted: dict[str, Any], sort: list[str]) -> bool:
    """Tell whether an index begins with a field of the filter, or else with the whole sort."""
    if "$or" in wanted:
        return all(held_to(indexes, branch, []) for branch in wanted["$or"])
    if any(index[0] in wanted for index in indexes):
        return True
    return not wanted and any(index[: len(sort)] == sort for index in indexes)


def _keys(indexes: tuple[IndexModel, ...]) -> list[list[str]]:
    return [["_id"], *(list(index.document["key"]) for index in indexes)]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Hear all clients that are made from now on."""
    listener = Listener()
    heard = monitoring._LISTENERS.command_listeners
    monkeypatch.setattr(
        monitoring, "_LISTENERS", monitoring._LISTENERS._replace(command_listeners=[*heard, listener])
    )
    return listener


def test_every_search_of_the_task_store_has_an_index(listener: Listener, database_url: str) -> None:
    tasks = MongoTaskStore(database_url)
    task = tasks.replace(tasks.insert(a_task()))
    listener.searches.clear()
    for query in QUERIES:
        tasks.find(query)
        tasks.count(query)
    tasks.get(task.id)
    tasks.delete(task.id, tasks.replace(task).revision)
    assert len(listener.searches) >= 2 * len(QUERIES) + 3
    for wanted, sort in listener.searches:
        assert held_to(_keys(mongo_store.INDEXES), wanted, sort), (wanted, sort)
    tasks.close()


@pytest.mark.skipif(
    "PETFECTIOR_TEST_MONGO_URL" not in os.environ,
    reason="explain needs a real mongod: PETFECTIOR_TEST_MONGO_URL",
)
def test_no_find_of_the_task_store_scans_the_collection(listener: Listener, database_url: str) -> None:
    tasks = MongoTaskStore(database_url)
    tasks.insert(a_task())
    listener.finds.clear()
    for query in QUERIES:
        tasks.find(query)
    tasks.close()
    finds = list(listener.finds)
    assert len(finds) >= len(QUERIES)
    with pymongo.MongoClient[dict[str, Any]](database_url) as client:
        database = client.get_default_database()
        for find in finds:
            explained = database.command("explain", find, verbosity="queryPlanner")
            assert "COLLSCAN" not in json.dumps(explained["queryPlanner"]["winningPlan"], default=str), find


def test_every_search_of_the_registry_has_an_index(listener: Listener, database_url: str) -> None:
    registry = MongoRegistry(database_url)
    listener.searches.clear()
    registry.put("k", "a", {}, 0)
    listener.searches.clear()
    registry.put("k", "a", {}, 1)
    registry.put("k", "a", {})
    registry.get("k", "a")
    registry.list("k")
    registry.delete("k", "a", 3)
    assert len(listener.searches) >= 5
    for wanted, sort in listener.searches:
        assert held_to(_keys(mongo_registry.INDEXES), wanted, sort), (wanted, sort)
    registry.close()


def test_the_declared_indexes_are_there(database_url: str) -> None:
    tasks = MongoTaskStore(database_url)
    tasks.insert(a_task())
    with pymongo.MongoClient[dict[str, Any]](database_url) as client:
        stored = client.get_default_database()[mongo_store.COLLECTION].index_information()
    assert {index.document["name"] for index in mongo_store.INDEXES} <= set(stored)
    assert stored["open_key"]["unique"]
    tasks.close()


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

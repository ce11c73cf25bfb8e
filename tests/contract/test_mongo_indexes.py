"""Every search over MongoDB's protocol has a declared index: of the tasks page, the services and the logs."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pymongo
import pytest
from pymongo import monitoring

from petfectior.access.person import Role
from petfectior.adapters import mongo_journal, mongo_registry, mongo_store
from petfectior.adapters.mongo_journal import MongoJournal
from petfectior.adapters.mongo_registry import MongoRegistry
from petfectior.adapters.mongo_store import MongoTaskStore
from petfectior.journal import Kind, Search
from services.api.task_filter import Sort, State
from tests.contract.documents import a_task
from tests.contract.journal import line
from tests.contract.mongo_commands import Listener, found_by, keys, left_over
from tests.contract.test_sqlite_store import QUERIES
from tests.unit.api.gateway import connected, serving, token

pytestmark = pytest.mark.integration

TASKS = keys(mongo_store.INDEXES)
LINES = keys(mongo_journal.INDEXES)
KEYS = {"_id", "open_key", "series_key", "job_ids", "derived_series_uids"}
"""Of one value of these there are a few tasks, that are sorted as they are found."""


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Hear all clients that are made from now on."""
    listener = Listener(mongo_store.COLLECTION, mongo_registry.COLLECTION, mongo_journal.COLLECTION)
    heard = monitoring._LISTENERS.command_listeners
    monkeypatch.setattr(
        monitoring, "_LISTENERS", monitoring._LISTENERS._replace(command_listeners=[*heard, listener])
    )
    return listener


@pytest.fixture
def web(listener: Listener, database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """Return a client of the pages over the store that is listened to."""
    assert listener.searches == []
    with connected(tmp_path, store_url=database_url) as ports:
        ports.tasks.tally()
        headers = {"Authorization": f"Bearer {token(ports, Role.ADMIN)}"}
        with serving(ports) as address, httpx.Client(base_url=address, headers=headers, timeout=120) as web:
            yield web


def asked(web: httpx.Client, listener: Listener, parameters: dict[str, str]) -> set[str]:
    """Return what of the page's filter is left over by the index that gives its order."""
    listener.collections = {mongo_store.COLLECTION}
    listener.searches.clear()
    web.get("/tasks", params=parameters).raise_for_status()
    searches = sorted(listener.searches, key=lambda one: one.command)
    assert [one.command for one in searches] == ["count", "find"]
    assert all(one.bounded for one in searches)
    left = left_over(TASKS, searches[1])
    assert left is not None, searches
    return left


def test_every_state_in_every_order_walks_one_index(web: httpx.Client, listener: Listener) -> None:
    for state, sort in itertools.product(State, Sort):
        assert asked(web, listener, {"state": state, "sort": sort}) == set(), (state, sort)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST])
def test_every_filter_by_order_of_arrival_walks_one_index(
    web: httpx.Client, listener: Listener, sort: Sort
) -> None:
    days = {"since": "2026-01-01", "until": "2026-02-01"}
    for one in ({"source": "SCANNER"}, {"tracer": "FDG"}, days, {"source": "SCANNER", **days}):
        assert asked(web, listener, {**one, "sort": sort}) == set(), one
    for state in State:
        assert asked(web, listener, {**days, "state": state, "sort": sort}) == set(), state


def test_several_filters_at_once_leave_the_order_to_an_index(web: httpx.Client, listener: Listener) -> None:
    several = {"source": "SCANNER", "tracer": "FDG", "since": "2026-01-01"}
    for state, sort in itertools.product(State, Sort):
        assert asked(web, listener, {**several, "state": state, "sort": sort}) <= {
            "source",
            "tracer",
            "created_at",
        }


def test_a_search_has_an_index_for_each_field_and_one_for_the_order(
    web: httpx.Client, listener: Listener
) -> None:
    for state, sort in itertools.product(State, Sort):
        assert asked(web, listener, {"q": "doe", "state": state, "sort": sort}) == {"$or"}
        assert all(found_by(TASKS, {"$or": one.wanted["$or"]}) for one in listener.searches)


def test_every_search_of_the_task_store_has_an_index(listener: Listener, database_url: str) -> None:
    tasks = MongoTaskStore(database_url)
    task = tasks.replace(tasks.insert(a_task()))
    listener.searches.clear()
    for query in QUERIES:
        tasks.find(query)
        tasks.outlines(query)
        tasks.count(query)
    tasks.get(task.id)
    tasks.delete(task.id, tasks.replace(task).revision)
    tasks.close()
    assert len(listener.searches) >= 3 * len(QUERIES) + 3
    for one in listener.searches:
        assert not one.wanted or found_by(TASKS, one.wanted), one
        assert KEYS & set(one.wanted) or left_over(TASKS, one) is not None, one


def test_every_search_of_the_registry_has_an_index(listener: Listener, database_url: str) -> None:
    registry = MongoRegistry(database_url)
    registry.put("k", "a", {}, 0)
    listener.searches.clear()
    registry.put("k", "a", {}, 1)
    registry.put("k", "a", {})
    registry.get("k", "a")
    registry.list("k")
    registry.delete("k", "a", 3)
    registry.close()
    assert len(listener.searches) >= 5
    for one in listener.searches:
        assert found_by(keys(mongo_registry.INDEXES), one.wanted), one
        assert left_over(keys(mongo_registry.INDEXES), one) in (set(), {"revision"}), one


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("bounds", [{}, {"before": "2"}, {"since": 1.0, "until": 2.0, "before": "2"}])
@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, set()),
        ({"services": ("scp",)}, set()),
        ({"services": ("scp", "scu")}, set()),
        ({"levels": ("warning", "error", "critical")}, set()),
        ({"task": "t"}, set()),
        ({"text": "part"}, {"text"}),
        ({"services": ("scp",), "levels": ("error",)}, set()),
        ({"services": ("scp",), "levels": ("error",), "text": "part"}, {"text"}),
        ({"services": ("scp",), "levels": ("error",), "task": "t"}, {"task"}),
    ],
)
def test_every_search_of_the_journal_walks_one_index(
    listener: Listener, database_url: str, kind: Kind, bounds: Any, given: Any, left: set[str]
) -> None:
    journal = MongoJournal(database_url)
    journal.append([line()])
    listener.searches.clear()
    journal.find(Search.model_validate({"kind": kind, **bounds, **given}))
    journal.close()
    [search] = listener.searches
    assert left_over(LINES, search) == left, search


def test_lines_are_forgotten_by_an_index(listener: Listener, database_url: str) -> None:
    journal = MongoJournal(database_url)
    journal.append([line()])
    listener.searches.clear()
    journal.forget(1.0)
    journal.close()
    [search] = listener.searches
    assert search.wanted.keys() == {"kind", "_id"}
    assert ["kind", "_id"] in LINES


@pytest.mark.parametrize(
    ("collection", "declared"),
    [(one.COLLECTION, one.INDEXES) for one in (mongo_store, mongo_registry, mongo_journal)],
)
def test_the_declared_indexes_are_there(database_url: str, collection: str, declared: Any) -> None:
    MongoTaskStore(database_url).tally()
    MongoRegistry(database_url).list("k")
    MongoJournal(database_url).append([line()])
    with pymongo.MongoClient[dict[str, Any]](database_url) as client:
        stored = client.get_default_database()[collection].index_information()
    for index in declared:
        assert list(index.document["key"].items()) == stored[index.document["name"]]["key"]
        assert index.document.get("unique", False) == stored[index.document["name"]].get("unique", False)


@pytest.mark.skipif(
    "PETFECTIOR_TEST_MONGO_URL" not in os.environ,
    reason="explain needs a real mongod: PETFECTIOR_TEST_MONGO_URL",
)
def test_no_find_scans_a_collection(listener: Listener, database_url: str) -> None:
    tasks, journal = MongoTaskStore(database_url), MongoJournal(database_url)
    tasks.insert(a_task())
    journal.append([line(task="t")])
    listener.finds.clear()
    for query in QUERIES:
        tasks.find(query)
    for given in ({}, {"services": ("scp",)}, {"levels": ("info", "error")}, {"task": "t"}, {"text": "part"}):
        journal.find(Search.model_validate({"kind": Kind.LOG, **given}))
    tasks.close()
    journal.close()
    finds = list(listener.finds)
    assert len(finds) >= len(QUERIES) + 5
    with pymongo.MongoClient[dict[str, Any]](database_url) as client:
        database = client.get_default_database()
        for find in finds:
            explained = database.command("explain", find, verbosity="queryPlanner")
            assert "COLLSCAN" not in json.dumps(explained["queryPlanner"]["winningPlan"], default=str), find

"""The tasks page with 100,000 tasks stored against 100: p95 of page, filter, sort and search, as a ratio.

    python -m tests.bench.tasks_page [TASKS] [REQUESTS] [REQUESTS over MongoDB's protocol]

Embedded always; over MongoDB's protocol too when a server is there: the one that PETFECTIOR_TEST_MONGO_URL
names, or that of ``tests.servers``. Times are of HTTP requests to a served application; CPU is what this
process used, web server and client: all but a database server. Every way is asked of both stores in each
round, so that what else the machine does falls on all alike; both must answer with the same number of rows.
The last lines ask the database server alone, by an indexed field and by _id.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pymongo
from pymongo.collection import Collection
from sqlalchemy import create_engine, insert

from petfectior.access.person import Role
from petfectior.adapters import mongo_store
from petfectior.adapters.sqlite_store import FILE, _row
from petfectior.adapters.sqlite_tables import TASKS
from petfectior.service import Ports
from petfectior.task import Series, Task
from tests.servers.mongo import Mongo
from tests.servers.processes import Missing
from tests.unit.api.gateway import arriving, connected, delivered, failed, serving, token

FEW, MANY, REQUESTS, OVER_MONGO = 100, 100_000, 200, 20
UNTIMED = 3
BATCH = 1000
ROW = '<tr id="task-'
WAYS = {
    "page": "/tasks",
    "third page": "/tasks?offset=50",
    "filter: needs attention": "/tasks?state=problem&limit=5",
    "filter: done": "/tasks?state=done",
    "filter: sender": "/tasks?source=SCANNER",
    "filter: sender, tracer, done": "/tasks?source=SCANNER&tracer=18F-FDG&state=done",
    "filter: days": "/tasks?since=2000-01-01",
    "sort: updated": "/tasks?sort=updated",
    "sort: patient, done": "/tasks?sort=patient&state=done",
    "search: one patient": "/tasks?q=P000017",
    "search: ten patients": "/tasks?q=P00001",
    "search: ten patients, done": "/tasks?q=P00001&state=done",
    "search: a letter": "/tasks?q=P",
}
Ways = dict[str, list[Callable[[], int]]]
HEAD = "store|asked for|rows|p95 ms|p95 ms, many|ratio|CPU ms|CPU ms, many|ratio"


@dataclass
class Way:
    """Times of one kind of request to one store, in seconds; CPU times; the rows shown."""

    taken: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rows: int = 0

    def ask(self, request: Callable[[], int]) -> None:
        """Ask once more."""
        cpu, began = time.process_time(), time.perf_counter()
        self.rows = request()
        self.taken.append(time.perf_counter() - began)
        self.cpu.append(time.process_time() - cpu)

    def figures(self) -> tuple[float, float]:
        """Return the 95th percentile of the times and the median of the CPU times, in ms."""
        taken, cpu = self.taken[UNTIMED:], self.cpu[UNTIMED:]
        return 1e3 * statistics.quantiles(taken, n=20)[-1], 1e3 * statistics.median(cpu)


def main() -> None:
    """Measure every store that is available."""
    given = [int(one) for one in sys.argv[1:]]
    many, requests, over_mongo = [*given, *(MANY, REQUESTS, OVER_MONGO)[len(given) :]]
    print(f"| {' | '.join(HEAD.split('|'))} |")
    with tempfile.TemporaryDirectory() as folder:
        _measure("embedded", [{}, {}], Path(folder), many, requests)
    try:
        with tempfile.TemporaryDirectory() as folder, _mongo(Path(folder)) as urls:
            _measure("mongo", [{"store_url": url} for url in urls], Path(folder), many, over_mongo)
    except Missing as missing:
        print(f"mongo: not measured, {missing} is not here")


@contextmanager
def _mongo(folder: Path) -> Iterator[list[str]]:
    """Yield the URLs of two databases, which are dropped afterwards."""
    with ExitStack() as opened:
        url = os.environ.get("PETFECTIOR_TEST_MONGO_URL")
        if url is None:
            server = Mongo(folder / "mongo")
            opened.callback(server.stop)
            server.start()
            url = server.url
        names = [f"bench-{os.getpid()}-{name}" for name in ("few", "many")]
        yield [urlsplit(url)._replace(path=f"/{name}").geturl() for name in names]
        with pymongo.MongoClient[dict[str, Any]](url) as client:
            for name in names:
                client.drop_database(name)


def _measure(mode: str, settings: list[dict[str, str]], folder: Path, many: int, requests: int) -> None:
    with ExitStack() as opened:
        webs = [
            opened.enter_context(_filled(folder / str(count), one, count))
            for one, count in zip(settings, (FEW, many), strict=True)
        ]
        ways: Ways = {name: [partial(_rows, web, path) for web in webs] for name, path in WAYS.items()}
        _compare(mode, ways, requests)
        if mode == "mongo":
            servers = [
                opened.enter_context(pymongo.MongoClient[dict[str, Any]](one["store_url"]))
                for one in settings
            ]
            _compare("mongo, the server alone", _bare(servers), requests)


def _compare(store: str, ways: Ways, requests: int) -> None:
    found = {name: (Way(), Way()) for name in ways}
    for turn in range(UNTIMED + requests):
        for name, both in ways.items():
            pairs = list(zip(found[name], both, strict=True))
            for way, request in pairs if turn % 2 else reversed(pairs):
                way.ask(request)
    for name, (few, most) in found.items():
        print(f"| {store} | {name} | {_line(few, most)} |", flush=True)


def _line(few: Way, most: Way) -> str:
    if few.rows != most.rows or not few.rows:
        raise AssertionError(f"{few.rows} rows against {most.rows} compare nothing")
    pairs = zip(few.figures(), most.figures(), strict=True)
    return f"{few.rows} | " + " | ".join(
        f"{one:.1f} | {other:.1f} | {other / one:.2f}" for one, other in pairs
    )


def _rows(web: httpx.Client, path: str) -> int:
    return web.get(path).raise_for_status().text.count(ROW)


def _bare(servers: list[pymongo.MongoClient[dict[str, Any]]]) -> Ways:
    """Return what a database with indexes answers as fast whatever it holds."""
    stores = [server.get_default_database()[mongo_store.COLLECTION] for server in servers]
    ways: Ways = {}
    for name in ("created_at", "_id"):
        one = [(tasks.find_one({}, {"created_at": 1}) or {})[name] for tasks in stores]
        ways[f"one task by {name}"] = [
            partial(_found, tasks, {name: value}) for tasks, value in zip(stores, one, strict=True)
        ]
    return ways


def _found(tasks: Collection[dict[str, Any]], wanted: dict[str, Any]) -> int:
    return len(list(tasks.find(wanted, {"_id": 1})))


@contextmanager
def _filled(folder: Path, settings: dict[str, str], count: int) -> Iterator[httpx.Client]:
    with connected(folder, **settings) as ports:
        _fill(ports, folder, settings.get("store_url"), count)
        headers = {"Authorization": f"Bearer {token(ports, Role.ADMIN)}"}
        with serving(ports) as address, httpx.Client(base_url=address, headers=headers, timeout=120) as web:
            yield web


def _task(index: int, now: float) -> Task:
    made = arriving(series=Series(patient_name=f"P{index:06d}^X", patient_id=f"I{index}", tracer="18F-FDG"))
    if index % 10:
        delivered(made)
    elif index % 100:
        failed(made)
    made.created_at, made.updated_at = now - index * 60.0, now - index * 60.0 + 30
    made.parts, made.series_key = [], f"{index:064d}"
    return made


def _fill(ports: Ports, folder: Path, url: str | None, count: int) -> None:
    """Store the tasks in bulk: one by one each would be made durable alone."""
    now = time.time()
    ports.tasks.tally()
    firsts = range(0, count, BATCH)
    batches = ([_task(index, now) for index in range(first, min(count, first + BATCH))] for first in firsts)
    if url is None:
        _fill_sqlite(folder, batches)
    else:
        with pymongo.MongoClient[dict[str, Any]](url) as client:
            tasks = client.get_default_database()[mongo_store.COLLECTION]
            for batch in batches:
                tasks.insert_many([{"_id": one.id, **mongo_store._fields(one)} for one in batch])


def _fill_sqlite(folder: Path, batches: Iterator[list[Task]]) -> None:
    (path,) = folder.rglob(FILE)
    engine = create_engine(f"sqlite:///{path}")
    for batch in batches:
        with engine.begin() as connection:
            connection.execute(insert(TASKS), [_row(one) for one in batch])
    engine.dispose()


if __name__ == "__main__":
    main()

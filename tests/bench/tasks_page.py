"""The tasks page with 100,000 tasks stored against 100: p95 of page, filter, sort and search, as a ratio.

    python -m tests.bench.tasks_page [TASKS] [REQUESTS]

Embedded always; over MongoDB's protocol too when the server of ``tests.servers`` is installed. Times are of
HTTP requests to a served application; the two stores are asked in turn, so that the machine's load is shared.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pymongo
from sqlalchemy import create_engine, insert

from petfectior.access.person import Role
from petfectior.adapters import mongo_store
from petfectior.adapters.sqlite_store import FILE, _row
from petfectior.adapters.sqlite_tables import TASKS
from petfectior.service import Ports
from petfectior.task import Series, Task
from tests.servers.fixtures import serving as server_of
from tests.servers.mongo import Mongo
from tests.servers.processes import Missing
from tests.unit.api.gateway import arriving, connected, delivered, failed, serving, token

FEW, MANY, REQUESTS = 100, 100_000, 200
BATCH = 1000
WAYS = {
    "page": "/tasks",
    "filter": "/tasks?state=problem&limit=5",
    "done": "/tasks?state=done",
    "sorted": "/tasks?sort=updated",
    "by patient": "/tasks?sort=patient&state=problem&limit=5",
    "search": "/tasks?q=P00001",
    "deep": "/tasks?offset=75",
    "dashboard": "/",
}


def main() -> None:
    """Measure every store that is available."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        _measure("embedded", [{}, {}], Path(folder), many, requests)
    try:
        with tempfile.TemporaryDirectory() as folder, server_of(Mongo, Path(folder) / "mongo") as server:
            base, _, options = server.url.partition("?")
            urls = [f"{base.rpartition('/')[0]}/{name}?{options}" for name in ("few", "many")]
            settings = [{"store_url": url} for url in urls]
            _measure("mongo protocol", settings, Path(folder), many, requests)
    except Missing as missing:
        print(f"mongo protocol: not measured, {missing} is not here")


def _measure(mode: str, settings: list[dict[str, str]], folder: Path, many: int, requests: int) -> None:
    with ExitStack() as opened:
        webs = [
            opened.enter_context(_filled(folder / str(count), one, count))
            for one, count in zip(settings, (FEW, many), strict=True)
        ]
        for name, path in WAYS.items():
            few, most = _p95(webs, path, requests)
            print(
                f"{mode}, {name}: p95 {few * 1e3:.1f} ms with {FEW}, {most * 1e3:.1f} ms with {many}, "
                f"ratio {most / few:.2f}",
                flush=True,
            )


@contextmanager
def _filled(folder: Path, settings: dict[str, str], count: int) -> Iterator[httpx.Client]:
    with connected(folder, **settings) as ports:
        _fill(ports, folder, settings.get("store_url"), count)
        headers = {"Authorization": f"Bearer {token(ports, Role.ADMIN)}"}
        with serving(ports) as address, httpx.Client(base_url=address, headers=headers, timeout=120) as web:
            yield web


def _p95(webs: list[httpx.Client], path: str, requests: int) -> list[float]:
    times: list[list[float]] = [[] for _ in webs]
    for turn in range(requests + 5):
        for web, own in zip(webs, times, strict=True):
            began = time.perf_counter()
            web.get(path).raise_for_status()
            if turn >= 5:
                own.append(time.perf_counter() - began)
    return [statistics.quantiles(own, n=20)[-1] for own in times]


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

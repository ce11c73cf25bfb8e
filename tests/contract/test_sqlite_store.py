"""The embedded TaskStore keeps the contract, survives crashes, and is held to its indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.adapters.sqlite_tables import MIGRATIONS, TASKS, page
from petfectior.errors import Permanent
from petfectior.ports import Order, TaskQuery
from petfectior.task import Series, Stage, Status
from tests.contract.documents import a_task
from tests.contract.processes import Backend
from tests.contract.task_store import TaskStoreContract

QUERIES = [
    TaskQuery(),
    TaskQuery(newest_first=False),
    TaskQuery(stages=(Stage.UPLOAD,)),
    TaskQuery(stages=(Stage.UPLOAD,), statuses=(Status.WAITING,)),
    TaskQuery(statuses=(Status.WAITING, Status.WORKING)),
    TaskQuery(outcomes=("failed",)),
    TaskQuery(open_key="k"),
    TaskQuery(series_key="k"),
    TaskQuery(job_id="j"),
    TaskQuery(derived_series_uid="2.25.1"),
    TaskQuery(sweep_before=1.0),
    TaskQuery(text="doe"),
    TaskQuery(order=Order.UPDATED),
    TaskQuery(order=Order.PATIENT, newest_first=False),
    TaskQuery(statuses=(Status.WAITING, Status.WORKING), order=Order.UPDATED),
    TaskQuery(outcomes=("rejected", "failed"), order=Order.PATIENT),
    TaskQuery(source="SCANNER"),
    TaskQuery(tracer="18F-FDG"),
    TaskQuery(created_from=1.0, created_before=2.0),
]


class TestSqliteTaskStore(TaskStoreContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[Backend]:
        yield Backend("petfectior.adapters.sqlite_store:SqliteTaskStore", str(tmp_path))
        with closing(sqlite3.connect(tmp_path / "tasks.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    @pytest.mark.parametrize("query", QUERIES, ids=lambda query: str(query.model_dump(exclude_defaults=True)))
    def test_no_query_reads_all_tasks_unordered(
        self, tasks: object, tmp_path: Path, query: TaskQuery
    ) -> None:
        assert tasks is not None
        text = str(page(query).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        with closing(sqlite3.connect(tmp_path / "tasks.db")) as connection:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        assert plan
        assert all("INDEX" in step for step in plan if step.startswith(("SCAN tasks", "SEARCH tasks"))), plan


def test_an_older_file_is_migrated_and_a_newer_one_refused(tmp_path: Path) -> None:
    store = SqliteTaskStore(tmp_path)
    task = store.insert(a_task(series=Series(tracer="18F-FDG")))
    store.close()
    with closing(sqlite3.connect(tmp_path / "tasks.db")) as connection:
        for index in [one.name for one in TASKS.indexes]:
            connection.execute(f"DROP INDEX {index}")
        for column in ("updated_at", "source", "tracer"):
            connection.execute(f"ALTER TABLE tasks DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 0")
        connection.commit()
    for _ in range(2):
        migrated = SqliteTaskStore(tmp_path)
        assert migrated.find(TaskQuery(tracer="18f-fdg", source="SCANNER", order=Order.UPDATED)) == [task]
        migrated.close()
    with closing(sqlite3.connect(tmp_path / "tasks.db")) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Permanent, match="store-newer"):
        SqliteTaskStore(tmp_path)

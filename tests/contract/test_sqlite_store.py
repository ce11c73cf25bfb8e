"""The embedded TaskStore keeps the contract, survives crashes, and is held to its indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select

from petfectior.adapters.sqlite_queries import FEW, page, plan
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.adapters.sqlite_tables import MIGRATIONS, TASKS
from petfectior.errors import Permanent
from petfectior.ports import Order, TaskQuery
from petfectior.task import Series
from petfectior.work import Outcome, Stage, Status, Work
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
        steps = _steps(tmp_path, query)
        assert steps
        assert all("INDEX" in step for step in steps if step.startswith(("SCAN tasks", "SEARCH tasks"))), (
            steps
        )

    @pytest.mark.parametrize(
        ("query", "few", "many"),
        [
            ({"text": "doe", "statuses": ("done",)}, "patient_name", "tasks_by_status "),
            ({"text": "doe", "order": "updated"}, "patient_name", "tasks_by_update"),
            ({"source": "SCANNER", "tracer": "FDG"}, "tasks_by_source", "tasks_by_age"),
            ({"source": "SCANNER", "order": "patient"}, "tasks_by_source", "tasks_by_patient_name"),
            ({"source": "SCANNER", "outcomes": ("failed",)}, "tasks_by_source", "tasks_by_outcome "),
            ({"id_begins": "d", "statuses": ("done",)}, "sqlite_autoindex_tasks_1", "tasks_by_status "),
        ],
    )
    def test_what_few_tasks_meet_is_searched_for_and_the_order_walked_if_many_do(
        self, tasks: SqliteTaskStore, tmp_path: Path, query: dict[str, Any], few: str, many: str
    ) -> None:
        wanted = TaskQuery.model_validate(query)
        steps = _steps(tmp_path, wanted)
        assert few in " ".join(steps)
        assert any("TEMP B-TREE FOR ORDER BY" in step for step in steps)
        crowd = a_task(
            id="d",
            series=Series(patient_name="doe", tracer="FDG"),
            outcome=Outcome.FAILED,
            work=Work(status=Status.DONE),
        )
        tasks.insert(crowd)
        _repeat(tmp_path, FEW)
        steps = _steps(tmp_path, wanted)
        assert all(many in f"{step} " for step in steps), steps
        assert len(tasks.find(wanted)) == wanted.limit
        assert tasks.count(wanted) == FEW + 1


def _steps(folder: Path, query: TaskQuery) -> list[str]:
    """Return SQLite's plan of the page."""
    engine = create_engine(f"sqlite:///{folder / 'tasks.db'}")
    with engine.connect() as connection:
        found = page(query, plan(connection, query)).compile(engine, compile_kwargs={"literal_binds": True})
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found}")]
    engine.dispose()
    return steps


def _repeat(folder: Path, times: int) -> None:
    """Store the one task so many times more, under other ids."""
    engine = create_engine(f"sqlite:///{folder / 'tasks.db'}")
    with engine.begin() as connection:
        [row] = connection.execute(select(TASKS)).mappings()
        connection.execute(insert(TASKS), [{**row, "id": f"d{index}"} for index in range(times)])
    engine.dispose()


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

"""TaskStore over one SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from petfectior.adapters.sqlite_database import SqliteDatabase
from petfectior.adapters.sqlite_queries import condition, page, plan
from petfectior.adapters.sqlite_tables import DERIVED, JOBS, METADATA, MIGRATIONS, TASKS, columns
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Outline, TaskQuery
from petfectior.task import Task
from petfectior.work import Stage, Status

FILE: Final = "tasks.db"


class SqliteTaskStore:
    """Task documents in `folder`, as JSON beside the columns that queries need."""

    def __init__(self, folder: Path) -> None:
        self._database = SqliteDatabase(folder / FILE, METADATA, "store-unavailable", MIGRATIONS)

    def insert(self, task: Task) -> Task:
        """Add a task; return it with revision 1. Raises `Conflict` if its id or open_key is taken."""
        stored = task.model_copy(update={"revision": 1})
        try:
            with self._database.write() as connection:
                connection.execute(insert(TASKS).values(_row(stored)))
                _write_belongings(connection, stored)
        except IntegrityError as error:
            raise Conflict("task-exists") from error
        return stored

    def get(self, task_id: str) -> Task:
        """Return a task. Raises `NotFound`."""
        with self._database.read() as connection:
            document = connection.execute(select(TASKS.c.document).where(TASKS.c.id == task_id)).scalar()
        if document is None:
            raise NotFound("task-missing")
        return Task.model_validate_json(document)

    def replace(self, task: Task) -> Task:
        """Replace the document whose revision is `task.revision`. Raises `Conflict` or `NotFound`."""
        stored = task.model_copy(update={"revision": task.revision + 1})
        named = (TASKS.c.id == task.id, TASKS.c.revision == task.revision)
        try:
            with self._database.write() as connection:
                if connection.execute(update(TASKS).where(*named).values(_row(stored))).rowcount == 0:
                    _raise_missing_or_changed(connection, task.id)
                _write_belongings(connection, stored)
        except IntegrityError as error:
            raise Conflict("task-exists") from error
        return stored

    def delete(self, task_id: str, revision: int) -> None:
        """Remove a task by compare-and-set. Raises `Conflict` or `NotFound`."""
        named = (TASKS.c.id == task_id, TASKS.c.revision == revision)
        with self._database.write() as connection:
            if connection.execute(delete(TASKS).where(*named)).rowcount == 0:
                _raise_missing_or_changed(connection, task_id)

    def find(self, query: TaskQuery) -> list[Task]:
        """Return the page of tasks that match, in the query's order (by sweep_at for sweep_before)."""
        with self._database.read() as connection:
            ids = connection.execute(page(query, plan(connection, query))).scalars().all()
            rows = select(TASKS.c.id, TASKS.c.document).where(TASKS.c.id.in_(ids))
            documents = {row.id: row.document for row in connection.execute(rows)}
        return [Task.model_validate_json(documents[task_id]) for task_id in ids]

    def count(self, query: TaskQuery, most: int | None = None) -> int:
        """Count the tasks that match, however many pages; with `most`, stop counting there."""
        with self._database.read() as connection:
            matching = condition(query, plan(connection, query, ordered=False))
            counted = select(TASKS.c.id).where(matching).limit(most).subquery()
            return connection.execute(select(func.count()).select_from(counted)).scalar_one()

    def outlines(self, query: TaskQuery) -> list[Outline]:
        """Return what `find` does, without reading a document."""
        wanted = [TASKS.c[name] for name in Outline.model_fields]
        with self._database.read() as connection:
            ids = connection.execute(page(query, plan(connection, query))).scalars().all()
            rows = connection.execute(select(TASKS.c.id, *wanted).where(TASKS.c.id.in_(ids))).mappings()
            found = {row["id"]: Outline.model_validate(dict(row)) for row in rows}
        return [found[task_id] for task_id in ids]

    def tally(self) -> dict[tuple[Stage, Status], int]:
        """Count tasks by stage and status."""
        groups = select(TASKS.c.stage, TASKS.c.status, func.count()).group_by(TASKS.c.stage, TASKS.c.status)
        with self._database.read() as connection:
            return {
                (Stage(stage), Status(status)): count for stage, status, count in connection.execute(groups)
            }

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def _row(task: Task) -> dict[str, object]:
    document = task.model_dump_json(round_trip=True)
    return {**columns(task), "revision": task.revision, "document": document}


def _write_belongings(connection: Connection, task: Task) -> None:
    _write_set(connection, JOBS, "job_id", task.id, [job.id for job in task.jobs])
    _write_set(connection, DERIVED, "series_uid", task.id, [output.series_uid for output in task.outputs])


def _write_set(connection: Connection, table: Table, name: str, task_id: str, wanted: list[str]) -> None:
    mine = table.c.task_id == task_id
    stored = set(connection.execute(select(table.c[name]).where(mine)).scalars())
    if gone := stored - set(wanted):
        connection.execute(delete(table).where(mine, table.c[name].in_(gone)))
    if new := set(wanted) - stored:
        connection.execute(insert(table), [{name: value, "task_id": task_id} for value in sorted(new)])


def _raise_missing_or_changed(connection: Connection, task_id: str) -> None:
    if connection.execute(select(TASKS.c.id).where(TASKS.c.id == task_id)).first() is None:
        raise NotFound("task-missing")
    raise Conflict("task-changed")

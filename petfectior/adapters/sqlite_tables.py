"""The tables of the embedded TaskStore: the document, and the columns that queries are held to."""

from __future__ import annotations

import itertools
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UnaryExpression,
    and_,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.operators import custom_op

from petfectior.ports import Order, TaskQuery
from petfectior.task import Task

METADATA: Final = MetaData()

TASKS: Final = Table(
    "tasks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("stage", String, nullable=False),
    Column("status", String, nullable=False),
    Column("outcome", String),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("open_key", String, unique=True),
    Column("series_key", String, nullable=False),
    Column("sweep_at", Float),
    Column("patient_name", String, nullable=False),
    Column("patient_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("tracer", String, nullable=False),
    Column("document", Text, nullable=False),
)
Index("tasks_by_age", TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_stage", TASKS.c.stage, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_stage_and_status", TASKS.c.stage, TASKS.c.status, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_status", TASKS.c.status, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_outcome", TASKS.c.outcome, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_update", TASKS.c.updated_at, TASKS.c.id)
Index("tasks_by_status_and_update", TASKS.c.status, TASKS.c.updated_at, TASKS.c.id)
Index("tasks_by_outcome_and_update", TASKS.c.outcome, TASKS.c.updated_at, TASKS.c.id)
Index("tasks_by_status_and_patient", TASKS.c.status, TASKS.c.patient_name, TASKS.c.id)
Index("tasks_by_outcome_and_patient", TASKS.c.outcome, TASKS.c.patient_name, TASKS.c.id)
Index("tasks_by_source", TASKS.c.source, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_tracer", TASKS.c.tracer, TASKS.c.created_at, TASKS.c.id)
Index("tasks_by_series", TASKS.c.series_key, TASKS.c.created_at)
Index("tasks_to_sweep", TASKS.c.sweep_at, sqlite_where=TASKS.c.sweep_at.is_not(None))
Index("tasks_by_patient_name", TASKS.c.patient_name, TASKS.c.id)
Index("tasks_by_patient_id", TASKS.c.patient_id)


def _belonging(table: str, name: str) -> Table:
    return Table(
        table,
        METADATA,
        Column(name, String, primary_key=True),
        Column("task_id", ForeignKey(TASKS.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    )


JOBS: Final = _belonging("task_jobs", "job_id")
DERIVED: Final = _belonging("task_derived_series", "series_uid")


_LISTS: Final = ("stages", "statuses", "outcomes")
_SORTED_BY: Final = {
    Order.CREATED: TASKS.c.created_at,
    Order.UPDATED: TASKS.c.updated_at,
    Order.PATIENT: TASKS.c.patient_name,
}


def _add_list_columns(connection: Connection) -> None:
    """Add what the table of tasks is filtered and sorted by since version 1."""
    for column in ("updated_at FLOAT NOT NULL DEFAULT 0", "source VARCHAR NOT NULL DEFAULT ''"):
        connection.exec_driver_sql(f"ALTER TABLE tasks ADD COLUMN {column}")
    connection.exec_driver_sql("ALTER TABLE tasks ADD COLUMN tracer VARCHAR NOT NULL DEFAULT ''")
    connection.exec_driver_sql("DROP INDEX IF EXISTS tasks_by_patient_name")
    for task_id, document in connection.execute(select(TASKS.c.id, TASKS.c.document)).all():
        row = columns(Task.model_validate_json(document))
        filled = {name: row[name] for name in ("updated_at", "source", "tracer")}
        connection.execute(update(TASKS).where(TASKS.c.id == task_id).values(filled))
    for index in TASKS.indexes:
        index.create(connection, checkfirst=True)


MIGRATIONS: Final = (_add_list_columns,)


def columns(task: Task) -> dict[str, Any]:
    """Return the row of a task, less its revision."""
    return {
        "id": task.id,
        "stage": task.stage,
        "status": task.status,
        "outcome": task.outcome,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "open_key": task.open_key,
        "series_key": task.series_key,
        "sweep_at": task.sweep_at,
        "patient_name": task.series.patient_name.casefold(),
        "patient_id": task.series.patient_id.casefold(),
        "source": task.source.calling_ae_title,
        "tracer": task.series.tracer.casefold(),
    }


def page(query: TaskQuery) -> Select[tuple[str]]:
    """Return the ids of a page, in order.

    Each value of a list is looked up alone and the sorted results are merged: SQLite walks an index in order
    for one value, but sorts everything for two.
    """
    keys = order(query)
    heads = [
        _sorted(select(TASKS.c.id, *keys[:-1]).where(condition(one)), TASKS.c, query)
        .limit(query.offset + query.limit)
        .subquery()
        for one in _alternatives(query)
    ]
    merged = union_all(*(select(head) for head in heads)).subquery()
    return _sorted(select(merged.c.id), merged.c, query).offset(query.offset).limit(query.limit)


def _sorted(
    chosen: Select[Any], columns: ReadOnlyColumnCollection[str, Any], query: TaskQuery
) -> Select[Any]:
    keys: list[ColumnElement[Any]] = [columns[key.name] for key in order(query)]
    if query.text or query.id_begins:
        # A plus sign keeps SQLite from walking all tasks in order instead of searching (its own advice).
        keys[0] = UnaryExpression(keys[0], operator=custom_op("+"))
    return chosen.order_by(*(key.desc() if descending(query) else key for key in keys))


def _alternatives(query: TaskQuery) -> list[TaskQuery]:
    """Return queries with one value per list, which together match what `query` does."""
    lists: list[list[tuple[str, ...]]] = [
        [(value,) for value in getattr(query, name)] or [()] for name in _LISTS
    ]
    return [
        query.model_copy(update=dict(zip(_LISTS, values, strict=True)))
        for values in itertools.product(*lists)
    ]


def condition(query: TaskQuery) -> ColumnElement[bool]:
    """Return what a task's row must satisfy to match `query`."""
    lists = [
        (TASKS.c.stage, query.stages),
        (TASKS.c.status, query.statuses),
        (TASKS.c.outcome, query.outcomes),
    ]
    clauses: list[ColumnElement[bool]] = [column.in_(values) for column, values in lists if values]
    equal = [
        (TASKS.c.open_key, query.open_key),
        (TASKS.c.series_key, query.series_key),
        (TASKS.c.source, query.source),
        (TASKS.c.tracer, query.tracer.casefold() if query.tracer is not None else None),
    ]
    clauses += [column == value for column, value in equal if value is not None]
    if query.job_id is not None:
        clauses.append(TASKS.c.id.in_(select(JOBS.c.task_id).where(JOBS.c.job_id == query.job_id)))
    if query.derived_series_uid is not None:
        named = DERIVED.c.series_uid == query.derived_series_uid
        clauses.append(TASKS.c.id.in_(select(DERIVED.c.task_id).where(named)))
    if query.sweep_before is not None:
        clauses.append(TASKS.c.sweep_at <= query.sweep_before)
    if query.created_from is not None:
        clauses.append(TASKS.c.created_at >= query.created_from)
    if query.created_before is not None:
        clauses.append(TASKS.c.created_at < query.created_before)
    if query.text:
        searched = (TASKS.c.patient_name, TASKS.c.patient_id, TASKS.c.id)
        clauses.append(or_(*(_begins(column, query.text) for column in searched)))
    if query.id_begins:
        clauses.append(_begins(TASKS.c.id, query.id_begins))
    return and_(true(), *clauses)


def _begins(column: Column[Any], text: str) -> ColumnElement[bool]:
    # A range, since SQLite's LIKE uses no index over text that holds letters of both cases.
    begin = text.casefold()
    return and_(column >= begin, column < begin + "\U0010ffff")


def order(query: TaskQuery) -> list[Column[Any]]:
    """Return the columns that a page is sorted by: first to be swept, or as the query says."""
    if query.sweep_before is not None:
        return [TASKS.c.sweep_at, TASKS.c.id]
    return [_SORTED_BY[query.order], TASKS.c.id]


def descending(query: TaskQuery) -> bool:
    """Tell whether a page runs from the largest down."""
    return query.newest_first and query.sweep_before is None

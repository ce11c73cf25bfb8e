"""The tables of the embedded TaskStore: the document, and the columns that queries are held to."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    select,
    update,
)

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

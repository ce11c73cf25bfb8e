"""TaskStore on MongoDB, with operations that every server since 4.4 has: no transactions, no pipelines."""

from __future__ import annotations

from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from petfectior.adapters.mongo_database import Document, MongoDatabase
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Order, Outline, TaskQuery
from petfectior.task import Task
from petfectior.work import Stage, Status

COLLECTION: Final = "tasks"
INDEXES: Final = (
    IndexModel([("created_at", ASCENDING), ("_id", ASCENDING)], name="by_age"),
    IndexModel([("stage", 1), ("created_at", 1), ("_id", 1)], name="by_stage"),
    IndexModel([("stage", 1), ("status", 1), ("created_at", 1), ("_id", 1)], name="by_stage_and_status"),
    IndexModel([("status", 1), ("created_at", 1), ("_id", 1)], name="by_status"),
    IndexModel([("outcome", 1), ("created_at", 1), ("_id", 1)], name="by_outcome"),
    IndexModel([("updated_at", 1), ("_id", 1)], name="by_update"),
    IndexModel([("status", 1), ("updated_at", 1), ("_id", 1)], name="by_status_and_update"),
    IndexModel([("outcome", 1), ("updated_at", 1), ("_id", 1)], name="by_outcome_and_update"),
    IndexModel([("status", 1), ("patient_name", 1), ("_id", 1)], name="by_status_and_patient"),
    IndexModel([("outcome", 1), ("patient_name", 1), ("_id", 1)], name="by_outcome_and_patient"),
    IndexModel([("source", 1), ("created_at", 1), ("_id", 1)], name="by_source"),
    IndexModel([("tracer", 1), ("created_at", 1), ("_id", 1)], name="by_tracer"),
    IndexModel([("series_key", 1), ("created_at", 1)], name="by_series"),
    IndexModel([("open_key", 1)], name="open_key", unique=True, sparse=True),
    IndexModel([("sweep_at", 1)], name="to_sweep", sparse=True),
    IndexModel([("job_ids", 1)], name="by_job"),
    IndexModel([("derived_series_uids", 1)], name="by_derived_series"),
    IndexModel([("patient_name", 1), ("_id", 1)], name="by_patient"),
    IndexModel([("patient_id", 1)], name="by_patient_id"),
)
TALLIED: Final = "by_stage_and_status"
"""Its index holds all that the tally reads: no document is."""
_OPTIONAL: Final = ("open_key", "sweep_at", "outcome")
_SORTED_BY: Final = {
    Order.CREATED: "created_at",
    Order.UPDATED: "updated_at",
    Order.PATIENT: "patient_name",
}


def _add_list_fields(database: Database[Document]) -> None:
    """Add what the list of tasks is filtered and sorted by since version 1."""
    tasks = database[COLLECTION]
    for one in tasks.find({"updated_at": {"$exists": False}}, {"document": 1, "revision": 1}):
        fields = _fields(Task.model_validate_json(one["document"]))
        added = {name: fields[name] for name in ("updated_at", "source", "tracer")}
        tasks.update_one({"_id": one["_id"], "revision": one["revision"]}, {"$set": added})


MIGRATIONS: Final = (_add_list_fields,)


class MongoTaskStore:
    """Task documents as JSON, beside the fields that queries need.

    Parameters
    ----------
    url
        ``mongodb(+srv)://…/database``.
    """

    def __init__(self, url: str) -> None:
        self._database = MongoDatabase(url, COLLECTION, INDEXES, MIGRATIONS)

    def insert(self, task: Task) -> Task:
        """Add a task; return it with revision 1. Raises `Conflict` if its id or open_key is taken."""
        stored = task.model_copy(update={"revision": 1})
        with self._database.use() as tasks:
            try:
                tasks.insert_one({"_id": task.id, **_fields(stored)})
            except DuplicateKeyError as error:
                raise Conflict("task-exists") from error
        return stored

    def get(self, task_id: str) -> Task:
        """Return a task. Raises `NotFound`."""
        with self._database.use() as tasks:
            found = tasks.find_one({"_id": task_id}, {"document": 1})
        if found is None:
            raise NotFound("task-missing")
        return Task.model_validate_json(found["document"])

    def replace(self, task: Task) -> Task:
        """Replace the document whose revision is `task.revision`. Raises `Conflict` or `NotFound`."""
        stored = task.model_copy(update={"revision": task.revision + 1})
        fields = _fields(stored)
        change: Document = {"$set": fields}
        if gone := [name for name in _OPTIONAL if name not in fields]:
            change["$unset"] = dict.fromkeys(gone, "")
        with self._database.use() as tasks:
            try:
                changed = tasks.update_one({"_id": task.id, "revision": task.revision}, change)
            except DuplicateKeyError as error:
                raise Conflict("task-exists") from error
            if changed.matched_count == 0:
                _raise_missing_or_changed(tasks, task.id)
        return stored

    def delete(self, task_id: str, revision: int) -> None:
        """Remove a task by compare-and-set. Raises `Conflict` or `NotFound`."""
        with self._database.use() as tasks:
            if tasks.delete_one({"_id": task_id, "revision": revision}).deleted_count == 0:
                _raise_missing_or_changed(tasks, task_id)

    def find(self, query: TaskQuery) -> list[Task]:
        """Return the page of tasks that match, in the query's order (by sweep_at for sweep_before)."""
        with self._database.use() as tasks:
            page = tasks.find(condition(query), {"document": 1}).sort(order(query))
            found = list(page.skip(query.offset).limit(query.limit)) if query.limit > 0 else []
        return [Task.model_validate_json(one["document"]) for one in found]

    def count(self, query: TaskQuery, most: int | None = None) -> int:
        """Count the tasks that match, however many pages; with `most`, stop counting there."""
        options: Document = {} if most is None else {"limit": most}
        with self._database.use() as tasks:
            return tasks.count_documents(condition(query), **options)

    def outlines(self, query: TaskQuery) -> list[Outline]:
        """Return what `find` does, without reading a document."""
        fields = dict.fromkeys(Outline.model_fields, 1)
        with self._database.use() as tasks:
            page = tasks.find(condition(query), fields).sort(order(query))
            found = list(page.skip(query.offset).limit(query.limit)) if query.limit > 0 else []
        return [Outline.model_validate(one) for one in found]

    def tally(self) -> dict[tuple[Stage, Status], int]:
        """Count tasks by stage and status."""
        group = {"_id": {"stage": "$stage", "status": "$status"}, "count": {"$sum": 1}}
        with self._database.use() as tasks:
            groups = list(tasks.aggregate([{"$group": group}], hint=TALLIED))
        return {(Stage(one["_id"]["stage"]), Status(one["_id"]["status"])): one["count"] for one in groups}

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def _fields(task: Task) -> Document:
    optional = {"open_key": task.open_key, "sweep_at": task.sweep_at, "outcome": task.outcome}
    return {
        "revision": task.revision,
        "stage": task.stage.value,
        "status": task.status.value,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "series_key": task.series_key,
        "job_ids": [job.id for job in task.jobs],
        "derived_series_uids": [output.series_uid for output in task.outputs],
        "patient_name": task.series.patient_name.casefold(),
        "patient_id": task.series.patient_id.casefold(),
        "source": task.source.calling_ae_title,
        "tracer": task.series.tracer.casefold(),
        "document": task.model_dump_json(round_trip=True),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _raise_missing_or_changed(tasks: Collection[Document], task_id: str) -> None:
    if tasks.find_one({"_id": task_id}, {"_id": 1}) is None:
        raise NotFound("task-missing")
    raise Conflict("task-changed")


def condition(query: TaskQuery) -> Document:
    """Return the filter that a task must satisfy to match `query`."""
    wanted: Document = {}
    for name, values in (("stage", query.stages), ("status", query.statuses), ("outcome", query.outcomes)):
        if values:
            wanted[name] = {"$in": [str(value) for value in values]}
    equal = {
        "open_key": query.open_key,
        "series_key": query.series_key,
        "job_ids": query.job_id,
        "derived_series_uids": query.derived_series_uid,
        "source": query.source,
        "tracer": query.tracer.casefold() if query.tracer is not None else None,
    }
    wanted |= {name: value for name, value in equal.items() if value is not None}
    if query.sweep_before is not None:
        wanted["sweep_at"] = {"$lte": query.sweep_before}
    created = {"$gte": query.created_from, "$lt": query.created_before}
    if bounds := {sign: moment for sign, moment in created.items() if moment is not None}:
        wanted["created_at"] = bounds
    if query.text:
        wanted["$or"] = [{name: _begins(query.text)} for name in ("patient_name", "patient_id", "_id")]
    if query.id_begins:
        wanted["_id"] = _begins(query.id_begins)
    return wanted


def _begins(text: str) -> Document:
    begin = text.casefold()
    return {"$gte": begin, "$lt": begin + "\U0010ffff"}


def order(query: TaskQuery) -> list[tuple[str, Any]]:
    """Return the order of a page: first to be swept, or as the query says."""
    if query.sweep_before is not None:
        return [("sweep_at", ASCENDING)]
    direction = DESCENDING if query.newest_first else ASCENDING
    return [(_SORTED_BY[query.order], direction), ("_id", direction)]

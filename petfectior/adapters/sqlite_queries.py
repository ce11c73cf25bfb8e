"""What the embedded TaskStore asks SQLite: which index answers a query, and the page in order."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    UnaryExpression,
    and_,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from petfectior.adapters.sqlite_tables import DERIVED, JOBS, TASKS
from petfectior.ports import Order, TaskQuery

FEW: Final = 1000
"""So many tasks are found and sorted within milliseconds; of more, the order's own index is walked."""
_LISTS: Final = ("stages", "statuses", "outcomes")
_SORTED_BY: Final = {
    Order.CREATED: TASKS.c.created_at,
    Order.UPDATED: TASKS.c.updated_at,
    Order.PATIENT: TASKS.c.patient_name,
}
_KEYS: Final = ("open_key", "series_key", "job_id", "derived_series_uid", "sweep_before")
_SORTED_WITH_AGE: Final = ("source", "tracer")
_WIDE: Final = ("text", "id_begins", *_SORTED_WITH_AGE, "created")


@dataclass(frozen=True)
class Plan:
    """How a query is answered.

    SQLite keeps no statistics here, so it would take any index of a column that is asked for: of the done
    tasks, say, to find one patient among them.

    Parameters
    ----------
    unindexed
        Criteria that are only looked at in the rows that the others leave.
    walks
        Whether an index is walked in the order of the page; else what is found is sorted.
    """

    unindexed: frozenset[str] = frozenset()
    walks: bool = True


def plan(connection: Connection, query: TaskQuery, *, ordered: bool = True) -> Plan:
    """Return how to answer: by the first criterion that few tasks meet; if none is, by walking in order."""
    given = criteria(query)
    wide = [name for name in _WIDE if name in given]
    if not wide or _in_order(query, given) or not given.keys().isdisjoint(_KEYS):
        return Plan()
    for name in wide:
        found = select(TASKS.c.id).where(given[name]).limit(FEW + 1).subquery()
        if connection.execute(select(func.count()).select_from(found)).scalar_one() <= FEW:
            return Plan(frozenset(given) - {name}, walks=False)
    if not ordered:
        return Plan(frozenset(given) - {wide[0]}, walks=False)
    bounds = {"created"} if query.order is Order.CREATED else set()
    return Plan(frozenset(wide) - bounds)


def _in_order(query: TaskQuery, given: dict[str, ColumnElement[bool]]) -> bool:
    """Tell whether one index holds what is asked for in the order of the page."""
    if query.order is not Order.CREATED:
        return False
    others = given.keys() - {"created"}
    return others <= set(_LISTS) or (len(others) == 1 and others <= set(_SORTED_WITH_AGE))


def page(query: TaskQuery, chosen: Plan) -> Select[tuple[str]]:
    """Return the ids of a page, in order.

    Each value of a list is looked up alone and the sorted results are merged: SQLite walks an index in order
    for one value, but sorts everything for two.
    """
    keys = order(query)
    heads = [
        _sorted(select(TASKS.c.id, *keys[:-1]).where(condition(one, chosen)), TASKS.c, query, chosen)
        for one in _alternatives(query)
    ]
    if len(heads) == 1:
        return heads[0].with_only_columns(TASKS.c.id).offset(query.offset).limit(query.limit)
    limited = [head.limit(query.offset + query.limit).subquery() for head in heads]
    merged = union_all(*(select(head) for head in limited)).subquery()
    whole = _sorted(select(merged.c.id), merged.c, query, Plan())
    return whole.offset(query.offset).limit(query.limit)


def _sorted(
    chosen: Select[Any], columns: ReadOnlyColumnCollection[str, Any], query: TaskQuery, how: Plan
) -> Select[Any]:
    keys: list[ColumnElement[Any]] = [columns[key.name] for key in order(query)]
    if not how.walks:
        keys[0] = _plus(keys[0])
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


def condition(query: TaskQuery, chosen: Plan) -> ColumnElement[bool]:
    """Return what a task's row must satisfy to match `query`."""
    clauses = criteria(query).items()
    return and_(true(), *(_unindexed(one) if name in chosen.unindexed else one for name, one in clauses))


def criteria(query: TaskQuery) -> dict[str, ColumnElement[bool]]:
    """Return what a task's row must satisfy, by the name of the criterion."""
    named: dict[str, ColumnElement[bool] | None] = {
        "stages": TASKS.c.stage.in_(query.stages) if query.stages else None,
        "statuses": TASKS.c.status.in_(query.statuses) if query.statuses else None,
        "outcomes": TASKS.c.outcome.in_(query.outcomes) if query.outcomes else None,
        "open_key": _equals(TASKS.c.open_key, query.open_key),
        "series_key": _equals(TASKS.c.series_key, query.series_key),
        "job_id": _owns(JOBS.c.job_id, query.job_id),
        "derived_series_uid": _owns(DERIVED.c.series_uid, query.derived_series_uid),
        "sweep_before": TASKS.c.sweep_at <= query.sweep_before if query.sweep_before is not None else None,
        "source": _equals(TASKS.c.source, query.source),
        "tracer": _equals(TASKS.c.tracer, query.tracer.casefold() if query.tracer is not None else None),
        "created": _created(query),
        "text": _begins((TASKS.c.patient_name, TASKS.c.patient_id, TASKS.c.id), query.text),
        "id_begins": _begins((TASKS.c.id,), query.id_begins),
    }
    return {name: clause for name, clause in named.items() if clause is not None}


def _equals(column: Column[Any], value: str | None) -> ColumnElement[bool] | None:
    return None if value is None else column == value


def _owns(column: Column[Any], value: str | None) -> ColumnElement[bool] | None:
    if value is None:
        return None
    return TASKS.c.id.in_(select(column.table.c.task_id).where(column == value))


def _created(query: TaskQuery) -> ColumnElement[bool] | None:
    bounds: list[ColumnElement[bool]] = []
    if query.created_from is not None:
        bounds.append(TASKS.c.created_at >= query.created_from)
    if query.created_before is not None:
        bounds.append(TASKS.c.created_at < query.created_before)
    return and_(*bounds) if bounds else None


def _begins(columns: tuple[Column[Any], ...], text: str | None) -> ColumnElement[bool] | None:
    if not text:
        return None
    # A range, since SQLite's LIKE uses no index over text that holds letters of both cases.
    begin = text.casefold()
    return or_(*(and_(column >= begin, column < begin + "\U0010ffff") for column in columns))


def _unindexed(clause: ColumnElement[bool]) -> ColumnElement[bool]:
    return replacement_traverse(clause, {}, _if_column)


def _if_column(element: ExternallyTraversible, **_: object) -> ColumnElement[Any] | None:
    return _plus(element) if isinstance(element, Column) else None


def _plus(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the same value without its index: a plus sign is SQLite's own advice."""
    return UnaryExpression(column, operator=custom_op("+"))


def order(query: TaskQuery) -> list[Column[Any]]:
    """Return the columns that a page is sorted by: first to be swept, or as the query says."""
    if query.sweep_before is not None:
        return [TASKS.c.sweep_at, TASKS.c.id]
    return [_SORTED_BY[query.order], TASKS.c.id]


def descending(query: TaskQuery) -> bool:
    """Tell whether a page runs from the largest down."""
    return query.newest_first and query.sweep_before is None

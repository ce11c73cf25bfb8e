"""Which tasks a list shows: the same filter for the page, for REST and for CSV."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from petfectior.access.person import Person
from petfectior.ports import Order, TaskQuery
from petfectior.work import Outcome, Status

COMMA: Final = re.compile(r"\s*,\s*")
"""Between family and given name, where a PN value has a caret (PS3.5 6.2)."""


class State(StrEnum):
    """What a person filters by."""

    ALL = "all"
    RUNNING = "running"
    DONE = "done"
    PROBLEM = "problem"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Sort(StrEnum):
    """What a person sorts by."""

    NEWEST = "newest"
    OLDEST = "oldest"
    UPDATED = "updated"
    UPDATED_FIRST = "updated-first"
    PATIENT = "patient"
    PATIENT_LAST = "patient-last"


OUTCOMES: Final = {
    State.PROBLEM: (Outcome.REJECTED.value, Outcome.FAILED.value),
    State.REJECTED: (Outcome.REJECTED.value,),
    State.FAILED: (Outcome.FAILED.value,),
    State.CANCELLED: (Outcome.CANCELLED.value,),
}
STATUSES: Final = {State.RUNNING: (Status.WAITING, Status.WORKING), State.DONE: (Status.DONE,)}
ORDERS: Final = {
    Sort.NEWEST: (Order.CREATED, True),
    Sort.OLDEST: (Order.CREATED, False),
    Sort.UPDATED: (Order.UPDATED, True),
    Sort.UPDATED_FIRST: (Order.UPDATED, False),
    Sort.PATIENT: (Order.PATIENT, False),
    Sort.PATIENT_LAST: (Order.PATIENT, True),
}
"""Each sort with the order of the task store and whether it runs from the largest down."""


def _none_if_empty(value: object) -> object:
    return None if value == "" else value  # what a form sends for a field that is not filled in


_Calendar = Annotated[date, Field(ge=date(1900, 1, 1), le=date(9000, 12, 31))]
Day = Annotated[_Calendar | None, BeforeValidator(_none_if_empty)]


class TaskFilter(BaseModel):
    """Query parameters of a list of tasks."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: State = State.ALL
    q: str = Field("", max_length=128, description="beginning of a patient's name or id, or of a task's id")
    source: str = Field("", max_length=16, description="AE title of the sender")
    tracer: str = Field("", max_length=64, description="name of the tracer; case does not matter")
    since: Day = Field(None, description="first day of arrival, in the gateway's time zone")
    until: Day = Field(None, description="last day of arrival")
    sort: Sort = Sort.NEWEST
    offset: int = Field(0, ge=0, le=10_000_000)
    limit: int = Field(25, ge=1, le=200)

    def query(self, person: Person) -> TaskQuery:
        """Return the filter as the task store understands it.

        Whoever sees no patients neither searches for them nor sorts by them.
        """
        text = COMMA.sub("^", self.q.strip()) or None
        order, descending = ORDERS[self.sort]
        if order is Order.PATIENT and not person.sees_patients:
            order, descending = Order.CREATED, True
        return TaskQuery(
            statuses=STATUSES.get(self.state, ()),
            outcomes=OUTCOMES.get(self.state, ()),
            text=text if person.sees_patients else None,
            id_begins=None if person.sees_patients else text,
            source=self.source.strip() or None,
            tracer=self.tracer.strip() or None,
            created_from=_begin_of(self.since),
            created_before=_begin_of(self.until and self.until + timedelta(days=1)),
            order=order,
            newest_first=descending,
            offset=self.offset,
            limit=self.limit,
        )

    @property
    def narrowed(self) -> bool:
        """Whether more than the state and the search word narrows the list."""
        return bool(self.source or self.tracer or self.since or self.until)

    def url(self, path: str = "/tasks", **changes: str | int) -> str:
        """Return the address of this list with some parameters changed; defaults are left out."""
        changed = TaskFilter.model_validate({**self.model_dump(), **changes})
        parameters = changed.model_dump(exclude_defaults=True, mode="json")
        return f"{path}?{urlencode(parameters)}" if parameters else path


def _begin_of(day: date | None) -> float | None:
    return datetime.combine(day, time.min).astimezone().timestamp() if day else None


Filtered = Annotated[TaskFilter, Query()]

"""Documents for the contract tests."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from petfectior.events import Event, EventKey
from petfectior.task import Job, Output, Source, Task
from petfectior.work import Stage, Work

NOW = 1_700_000_000.0


def an_event(task_id: str | None = None, key: EventKey = EventKey.SERIES_RECEIVED) -> Event:
    return Event(key=key, task_id=task_id or uuid4().hex)


def a_task(**fields: Any) -> Task:
    known = {"created_at": NOW, "updated_at": NOW, "frozen_at": NOW, "series_key": uuid4().hex}
    source = Source(calling_ae_title="SCANNER", called_ae_title="PETFECTIOR", address="192.0.2.1")
    return Task(**{"source": source, **known, **fields})


def a_job() -> Job:
    return Job(id=uuid4().hex, nonce=uuid4().hex, created_at=NOW)


def an_output(series_uid: str) -> Output:
    return Output(id=uuid4().hex, series_uid=series_uid)


def settled(stage: Stage, status: Any, **fields: Any) -> Task:
    return a_task(stage=stage, work=Work(status=status), **fields)

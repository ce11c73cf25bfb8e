"""What the pages show of tasks: the API's answers plus what only a page needs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from fastapi import Request

from petfectior import devices
from petfectior.access.person import Person
from petfectior.service import Ports
from petfectior.task import Task
from petfectior.work import Stage
from services.api.as_seen import as_seen
from services.api.dependencies import language_of
from services.api.progress import newest_deliveries
from services.api.state import DELIVERY_LABELS, REPORT_LABELS, STAGE_NAMES, tone
from services.api.task_answers import (
    DeliveryAnswer,
    TaskDetail,
    TaskSummary,
    delivery_answer,
    detail,
    summary,
)
from services.api.task_filter import State, TaskFilter
from services.api.wording import Wording

STAGES = list(Stage)


@dataclass(frozen=True)
class Row:
    """One line of the table: the summary, the newest delivery to each destination, the stage rail."""

    task: TaskSummary
    deliveries: list[DeliveryAnswer]
    planned: list[str]
    rail: list[tuple[str, str]]
    study_date: str


MOST_COUNTED = 1000
"""A list counts so far and then says "more than": counting on would take longer the more there are."""


@dataclass(frozen=True)
class TaskList:
    """A page of rows and the way to its neighbours."""

    rows: list[Row]
    total: int
    more: bool
    first: int
    last: int
    previous: str | None
    following: str | None
    live: str
    filtered: bool


@dataclass(frozen=True)
class TaskView:
    """Everything of the task's page."""

    task: TaskDetail
    rail: list[tuple[str, str]]
    deliveries: list[DeliveryAnswer]
    manifest: str
    elapsed: str
    stage_names: dict[Stage, str]
    delivery_labels: dict[str, str]
    report_labels: dict[str, str]
    study_date: str
    stored: bool


def rail(task: Task, wording: Wording) -> list[tuple[str, str]]:
    """Return (name, state) of each stage: done, the tone of the current one, or ahead."""
    here = STAGES.index(task.stage)
    current = tone(task)
    states = ["done" if k < here else current if k == here else "ahead" for k in range(len(STAGES))]
    return [
        (wording.translate(STAGE_NAMES[stage]), state) for stage, state in zip(STAGES, states, strict=True)
    ]


def row(task: Task, wording: Wording) -> Row:
    """Return one line of the table."""
    return Row(
        task=summary(task, wording),
        deliveries=[delivery_answer(one, wording) for one in newest_deliveries(task)],
        planned=[destination.name for destination in task.destinations],
        rail=rail(task, wording),
        study_date=wording.dicom_date(task.series.study_date),
    )


def tasks_page(request: Request, ports: Ports, wanted: TaskFilter, person: Person) -> TaskList:
    """Return the rows that match, and where the pages before and after are."""
    wording = Wording(language_of(request))
    query = wanted.query(person)
    total = ports.tasks.count(query, MOST_COUNTED + 1)
    found = ports.tasks.find(query.model_copy(update={"limit": wanted.limit + 1}))
    rows = [row(as_seen(task, person), wording) for task in found[: wanted.limit]]
    last = wanted.offset + len(rows)
    before = max(0, wanted.offset - wanted.limit)
    return TaskList(
        rows=rows,
        total=min(total, MOST_COUNTED),
        more=total > MOST_COUNTED,
        first=wanted.offset + 1 if rows else 0,
        last=last,
        previous=wanted.url(offset=before) if wanted.offset else None,
        following=wanted.url(offset=last) if len(found) > wanted.limit else None,
        live=wanted.url("/tasks/live"),
        filtered=bool(wanted.q) or wanted.state is not State.ALL or wanted.narrowed,
    )


def choices(ports: Ports) -> dict[str, list[str]]:
    """Return what a person may pick from: device names, and the AE titles that devices send with."""
    known = devices.all_devices(ports.registry)
    return {
        "devices": [device.name for device in known],
        "sources": sorted({device.ae_title for device in known}),
    }


def task_page(request: Request, whole: Task, person: Person) -> TaskView:
    """Return everything of the task's page that the person may see."""
    wording = Wording(language_of(request))
    task = as_seen(whole, person)
    shown = detail(task, wording)
    ended = not any(visit.state == "now" for visit in shown.timeline)
    until = task.updated_at if ended else time.time()
    return TaskView(
        task=shown,
        rail=rail(task, wording),
        deliveries=shown.deliveries,
        manifest=json.dumps(shown.package.manifest, indent=2, ensure_ascii=False) if shown.package else "",
        elapsed=wording.duration(until - task.created_at),
        stage_names={stage: wording.translate(name) for stage, name in STAGE_NAMES.items()},
        delivery_labels={state: wording.translate(name) for state, name in DELIVERY_LABELS.items()},
        report_labels={key: wording.translate(name) for key, name in REPORT_LABELS.items()},
        stored=any(part.blob for part in task.parts),
        study_date=wording.dicom_date(task.series.study_date),
    )

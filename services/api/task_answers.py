"""What the REST API tells of a task."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, Field, JsonValue

from petfectior import actions, receipts, restarting
from petfectior.pet import manifest
from petfectior.task import Blob, Delivery, Destination, Job, Kind, Output, Receipt, Series, Source, Task
from petfectior.work import Outcome, Stage, Status
from services.api.progress import progress
from services.api.state import delivery_tone, label, tone, whereabouts
from services.api.timeline import Visit, timeline
from services.api.wording import Wording


class DeliveryAnswer(BaseModel):
    """All outputs to one destination."""

    id: str
    destination: Destination
    state: str
    accepted: int = Field(description="instances that the peer accepted")
    total: int
    warnings: int
    attempts: int
    last_status: str = Field(description="the peer's last DIMSE status or network fault")
    created_at: float
    finished_at: float | None
    reason: str | None = Field(description="why it waits or stopped, in words")


class TaskSummary(BaseModel):
    """A task as lists show it. Times are seconds since the epoch (UTC)."""

    id: str
    kind: Kind
    stage: Stage
    status: Status
    outcome: Outcome | None
    state: str = Field(description="label in the visitor's language")
    tone: str = Field(description="waiting, working, done, rejected, failed or cancelled")
    progress: float | None = Field(description="0 to 1 within the stage, where it can be counted")
    reason_code: str | None
    reason: str | None
    source: Source
    series: Series
    received: int
    expected: int | None
    deliveries: list[DeliveryAnswer]
    created_at: float
    updated_at: float


class TaskPage(BaseModel):
    """One page of tasks."""

    total: int = Field(description="tasks that match, counted up to 1,000")
    more: bool = Field(description="whether more match than were counted")
    offset: int
    limit: int
    tasks: list[TaskSummary]


class HistoryAnswer(BaseModel):
    """One transition with its sentence."""

    at: float
    last_at: float
    count: int
    who: str
    stage: Stage
    status: Status
    code: str
    sentence: str


class NoteAnswer(BaseModel):
    """Something worth knowing that stopped nothing."""

    at: float
    code: str
    sentence: str


class PackageAnswer(BaseModel):
    """What left: the voxel block and the exact manifest."""

    blob: Blob
    manifest: dict[str, JsonValue] = Field(description="as it left last, or as it will but for the patient")
    manifest_sha256: str
    encoding: str
    dtype: str
    shape: list[int]
    units: str


class TaskDetail(TaskSummary):
    """All that is known of a task."""

    whereabouts: str
    revision: int
    correlation_id: str
    continues: str | None
    process_as_is: bool
    attempts: int
    history: list[HistoryAnswer]
    timeline: list[Visit]
    notes: list[NoteAnswer]
    destinations: list[Destination]
    package: PackageAnswer | None
    jobs: list[Job]
    receipts: list[Receipt]
    outputs: list[Output]
    quarantine: list[Blob] = Field(description="results that failed a check: kept, never delivered")
    blobs: list[Blob] = Field(description="every stored file of the task, with its digest")
    actions: list[str] = Field(description="what a person may do now")


def delivery_answer(delivery: Delivery, wording: Wording) -> DeliveryAnswer:
    """Return one delivery as it is told."""
    reason = delivery.work.reason
    return DeliveryAnswer(
        id=delivery.id,
        destination=delivery.destination,
        state=delivery_tone(delivery),
        accepted=delivery.accepted_count,
        total=delivery.total,
        warnings=delivery.warnings,
        attempts=delivery.work.attempts,
        last_status=delivery.last_status,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
        reason=wording.reason(reason) if reason else None,
    )


def summary(task: Task, wording: Wording) -> TaskSummary:
    """Return a task as lists show it."""
    return TaskSummary(**_summary_fields(task, wording))


def _summary_fields(task: Task, wording: Wording) -> dict[str, Any]:
    reason = task.work.reason
    same = task.model_dump(
        include={"id", "kind", "stage", "outcome", "received", "expected", "created_at", "updated_at"}
    )
    return {
        **same,
        "source": task.source,
        "series": task.series,
        "status": task.status,
        "state": label(task, wording),
        "tone": tone(task),
        "progress": progress(task),
        "reason_code": reason.code if reason else None,
        "reason": wording.reason(reason) if reason else None,
        "deliveries": [delivery_answer(one, wording) for one in task.deliveries],
    }


def detail(task: Task, wording: Wording) -> TaskDetail:
    """Return all that is known of a task."""
    return TaskDetail(
        **_summary_fields(task, wording),
        whereabouts=whereabouts(task, wording),
        revision=task.revision,
        correlation_id=task.correlation_id,
        continues=task.continues,
        process_as_is=task.process_as_is,
        attempts=task.work.attempts,
        history=_history(task, wording),
        timeline=timeline(task, time.time(), wording),
        notes=[
            NoteAnswer(at=note.at, code=note.reason.code, sentence=wording.reason(note.reason))
            for note in task.notes
        ],
        destinations=task.destinations,
        package=_package(task),
        jobs=[job.model_copy(update={"nonce": ""}) for job in task.jobs],
        receipts=task.receipts,
        outputs=task.outputs,
        quarantine=task.quarantine,
        blobs=task.blobs(),
        actions=possible(task),
    )


def _history(task: Task, wording: Wording) -> list[HistoryAnswer]:
    return [
        HistoryAnswer(
            **entry.model_dump(include={"at", "last_at", "count", "who", "stage", "status"}),
            code=entry.reason.code,
            sentence=wording.entry(entry),
        )
        for entry in task.history
    ]


def _package(task: Task) -> PackageAnswer | None:
    if task.package is None:
        return None
    left = receipts.manifest_left(task) or receipts.manifest_leaving(task.package)
    told = {"manifest": left, "manifest_sha256": manifest.digest(left)}
    return PackageAnswer(**{**task.package.model_dump(exclude={"order"}), **told})


def possible(task: Task) -> list[str]:
    """Return the actions that would not be refused now."""
    ended = task.status in {Status.DONE, Status.STOPPED}
    allowed = {
        "retry": task.status is Status.STOPPED,
        "restart": restarting.may_restart(task),
        "process-as-it-is": actions.may_process_as_it_is(task),
        "resend": task.stage is Stage.DELIVER and bool(task.outputs),
        "cancel": not ended,
        "delete": ended,
    }
    return [name for name, may in allowed.items() if may]

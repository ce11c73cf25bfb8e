"""One look at a job: what the long poll would tell, for a task whose news was missed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from petfectior.errors import Permanent
from petfectior.handling import Advance, Again, Answer, Claim
from petfectior.ports import Registry
from petfectior.settings import Settings
from petfectior.task import Job, Task
from petfectior.work import Stage
from services.transfer import job
from services.transfer.client import GONE, Connect, JobStatus
from services.transfer.eligibility import refusal
from services.transfer.failures import Problem
from services.transfer.waiting import waits_for_server

LOOK_SECONDS: Final = 60.0
HOUR: Final = 3600.0


@waits_for_server
def check(claim: Claim, registry: Registry, connect: Connect, settings: Settings) -> Answer:
    """Ask the server once how the job is, and go where its answer leads.

    Raises
    ------
    Permanent
        If the job failed at the server, or no answer came for the settable hours.
    """
    del registry  # the decorator's
    attempt = claim.task.job
    if attempt is None or not job.usable(attempt):
        return Advance(Stage.UPLOAD)
    client = connect()

    def whole() -> bool:
        package = claim.task.package
        return package is None or client.offset(attempt.id) >= package.blob.size

    try:
        status = client.job(attempt.id)
        return answer_to(claim, attempt, status.model_copy(update={"id": attempt.id}), settings, whole)
    except Problem as problem:
        if problem.status not in GONE:
            raise refusal(problem) from problem
        return Advance(Stage.UPLOAD, job.abandon(attempt.id, "lost"))


def answer_to(
    claim: Claim, attempt: Job, status: JobStatus, settings: Settings, whole: Callable[[], bool]
) -> Answer:
    """Return where the state of a job leads; `whole` asks whether the server has the package.

    Raises
    ------
    Permanent
        If the job failed, or is parked.
    """
    match status.state:
        case "done":
            return Advance(Stage.DOWNLOAD, job.learn(status))
        case "expired":
            return Advance(Stage.UPLOAD, job.abandon(attempt.id, "expired"))
        case "failed":
            return _failed(claim, attempt, status)
        case "created" | "uploading" if not whole():
            return Advance(Stage.UPLOAD, job.learn(status))
        case _:
            return _still_running(claim.task, attempt, status, settings)


def _failed(claim: Claim, attempt: Job, status: JobStatus) -> Answer:
    first = all(one.state != "failed" for one in claim.task.jobs)
    change = job.abandon(attempt.id, "failed", status.message[:200])
    if status.transient and first:
        return Advance(Stage.UPLOAD, change)
    claim.save(change)
    raise Permanent("job-failed", job_code=_safe(status.code))


def _safe(code: str | None) -> str:
    """Return the server's code if it looks like one: its words reach logs and pages."""
    text = code or ""
    return text if text.replace("-", "").isalnum() and text.isascii() and len(text) <= 40 else "unknown"  # noqa: PLR2004


def _still_running(task: Task, attempt: Job, status: JobStatus, settings: Settings) -> Answer:
    asked = [entry.last_at for entry in task.history if entry.reason.code == "retried-by-person"]
    since = max([attempt.waiting_since or attempt.created_at, *asked])
    if time.time() - since > settings.park_hours * HOUR:
        raise Permanent(job.PARKED, hours=settings.park_hours)
    return Again(delay=LOOK_SECONDS, change=job.learn(status), wake=False)

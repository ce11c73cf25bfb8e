"""Attempts at the server: begun before the server hears of them, given up by compare-and-set."""

from __future__ import annotations

import secrets
import time
from typing import Final

from petfectior.errors import Permanent
from petfectior.handling import Change, Claim
from petfectior.ports import Registry
from petfectior.task import Job, Task
from petfectior.work import Outcome, Stage, Status
from services.transfer.client import JobStatus

OWED: Final = "job"
"""Registry kind: one record per job id ever written, until the server confirms that it is erased."""
ABANDONED: Final = frozenset({"lost", "expired", "failed", "refused", "quarantined"})
MOST_LOST: Final = 5
PARKED: Final = "job-parked"
WATCHED: Final = frozenset({Stage.UPLOAD, Stage.PROCESS, Stage.DOWNLOAD})


def usable(job: Job | None) -> bool:
    """Tell whether an attempt still may come to a result."""
    return job is not None and job.state not in ABANDONED and job.erased_at is None


def begin(claim: Claim, registry: Registry) -> Job:
    """Write down a new attempt: first that an erasure is owed, then the job on the task.

    Raises
    ------
    LeaseLost
        If the claim is no longer ours.
    Permanent
        ``job-lost-repeatedly`` if the server forgot the last five jobs.
    """
    last = claim.task.jobs[-MOST_LOST:]
    if len(last) == MOST_LOST and all(job.state == "lost" for job in last):
        raise Permanent("job-lost-repeatedly", attempts=MOST_LOST)
    job = Job(id=secrets.token_hex(16), nonce=secrets.token_hex(16), created_at=time.time())
    registry.put(OWED, job.id, {"task_id": claim.task.id, "created_at": job.created_at}, 0)
    claim.save(lambda task: task.jobs.append(job))
    return job


def current(task: Task, job_id: str) -> Job | None:
    """Return the task's current attempt if it is this one."""
    return task.job if task.job is not None and task.job.id == job_id else None


def abandon(job_id: str, state: str, message: str = "") -> Change:
    """Return the change that gives an attempt up; what was downloaded of it is no longer named."""

    def alter(task: Task) -> None:
        job = current(task, job_id)
        if job is not None:
            job.state = state
            job.message = message or job.message
            task.result = []

    return alter


def learn(status: JobStatus) -> Change:
    """Return the change that writes the server's word on a job onto the task."""

    def alter(task: Task) -> None:
        job = current(task, status.id)
        if job is not None and usable(job):
            job.state = status.state
            job.progress = min(max(status.progress, 0.0), 1.0)
            job.message = status.message[:200]

    return alter


def parked(task: Task) -> bool:
    """Tell whether the task stopped only because no answer came; a late result is still taken."""
    reason = task.work.reason
    return task.outcome is Outcome.FAILED and reason is not None and reason.code == PARKED


def awaited(task: Task, job_id: str) -> bool:
    """Tell whether a result of this job is still wanted; else the server must erase it."""
    if task.stage not in WATCHED or not usable(current(task, job_id)):
        return False
    return task.work.status is not Status.STOPPED or parked(task)

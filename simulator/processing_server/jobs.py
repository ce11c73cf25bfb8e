"""The server's book of jobs: their states, and the order in which they changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, JsonValue

from simulator.processing_server.storage import Storage


class State(StrEnum):
    """States of a job, in order."""

    CREATED = "created"
    UPLOADING = "uploading"
    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


UNFINISHED: Final = frozenset({State.QUEUED, State.PROCESSING})


class Job(BaseModel):
    """One job as the server knows it.

    Parameters
    ----------
    request
        The body of ``POST /v1/jobs``, unchanged.
    changed
        Place of the last change among all changes: the cursor of the long poll.
    """

    id: str
    request: dict[str, Any]
    model: str
    model_version: str
    state: State = State.CREATED
    progress: float = 0.0
    message: str = ""
    code: str | None = None
    transient: bool = False
    expires: float
    result: dict[str, JsonValue] | None = None
    changed: int = 0

    def document(self) -> dict[str, JsonValue]:
        """Return what ``GET /v1/jobs/{id}`` answers."""
        shown: dict[str, JsonValue] = self.model_dump(
            mode="json", exclude={"request", "changed", "model", "model_version"}, exclude_none=True
        )
        return shown


class Book:
    """All jobs, each change stored before it is told."""

    def __init__(self, storage: Storage, keep_seconds: float) -> None:
        self.storage = storage
        self.keep_seconds = keep_seconds
        self.lock = threading.RLock()
        loaded = [Job.model_validate_json(record) for record in storage.records()]
        self.jobs = {job.id: job for job in loaded}
        self.version = max((job.changed for job in loaded), default=0)

    def create(self, request: dict[str, Any], model: str, model_version: str) -> Job:
        """Add a job."""
        with self.lock:
            job = Job(
                id=request["id"],
                request=request,
                model=model,
                model_version=model_version,
                expires=time.time() + self.keep_seconds,
            )
            self.jobs[job.id] = job
            self._store(job)
            return job

    def get(self, job_id: str) -> Job:
        """Return a job, expired if its time is over. Raises KeyError."""
        with self.lock:
            job = self.jobs[job_id]
            if job.state is not State.EXPIRED and job.expires < time.time():
                self.storage.forget_content(job_id)
                job = self.change(job_id, state=State.EXPIRED, result=None)
            return job

    def change(self, job_id: str, **values: object) -> Job:
        """Alter a job, store it, and let the pollers know. Raises KeyError if it was erased meanwhile."""
        with self.lock:
            job = self.jobs[job_id].model_copy(update=values)
            self.jobs[job_id] = job
            self._store(job)
            return job

    def _store(self, job: Job) -> None:
        self.version += 1
        job.changed = self.version
        self.storage.save(job.id, job.model_dump_json().encode())

    def since(self, cursor: int) -> list[Job]:
        """Return the jobs that changed after `cursor`, in the order of their last change."""
        with self.lock:
            fresh = [self.get(job_id) for job_id in list(self.jobs)]
            return sorted((job for job in fresh if job.changed > cursor), key=lambda job: job.changed)

    def remove(self, job_id: str, how: Callable[[str], None]) -> None:
        """Take a job out of the book and off the disk."""
        with self.lock:
            self.jobs.pop(job_id, None)
            how(job_id)

    def unfinished(self) -> list[str]:
        """Return the jobs whose processing a restart interrupted."""
        return [job.id for job in self.jobs.values() if job.state in UNFINISHED or self._whole(job)]

    def _whole(self, job: Job) -> bool:
        open_still = job.state in {State.CREATED, State.UPLOADING}
        return open_still and self.storage.stored(job.id) == job.request["package"]["size"]

"""Where a task is, and the claimable state of a stage or a delivery."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.reasons import Reason

SWEEP_GRACE: Final = 60.0
"""Seconds past `due` before the sweeper believes that a message was lost."""


class Stage(StrEnum):
    """Where a task is, in order."""

    RECEIVE = "receive"
    ANONYMIZE = "anonymize"
    UPLOAD = "upload"
    PROCESS = "process"
    DOWNLOAD = "download"
    REBUILD = "rebuild"
    DELIVER = "deliver"


class Status(StrEnum):
    """What goes on in a stage."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    STOPPED = "stopped"


class Outcome(StrEnum):
    """Why a task stopped."""

    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Lease(BaseModel):
    """A worker's claim on a stage or a delivery."""

    model_config = ConfigDict(frozen=True)

    owner: str
    token: str
    until: float


class Work(BaseModel):
    """The claimable state of a stage, or of one delivery."""

    status: Status = Status.WAITING
    due: float = 0.0
    lease: Lease | None = None
    attempts: int = 0
    sweeps: int = 0
    next_sweep: float = 0.0
    reason: Reason | None = None

    @property
    def sweep_at(self) -> float | None:
        """When the sweeper should look: a minute past due, or at the lease's end; None if settled."""
        if self.status is Status.WAITING:
            return max(self.due + SWEEP_GRACE, self.next_sweep)
        if self.status is Status.WORKING and self.lease is not None:
            return self.lease.until
        return None

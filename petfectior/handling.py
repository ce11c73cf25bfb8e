"""What a handler is given and what it answers.

A handler is a plain function ``(claim, ports...) -> Advance | Again | Finish``. It reads `Claim.task`,
does its work under blob keys of its own, and answers with what to write on the task. It raises
`Transient`, `Permanent` or `Rejected` otherwise. It never publishes, acknowledges or retries:
`petfectior.worker` does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from petfectior import ledger, transitions
from petfectior.errors import Conflict
from petfectior.ports import TaskStore
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.work import Stage

Change = Callable[[Task], None]
TURN_SECONDS = 240.0
"""A handler saves its place and answers `Again` after this long; no message is held for 5 minutes."""


def nothing(_task: Task) -> None:
    """Change nothing."""


@dataclass(frozen=True)
class Advance:
    """The stage is done: apply `change` and enter `stage`."""

    stage: Stage
    change: Change = nothing


@dataclass(frozen=True)
class Finish:
    """The delivery is done: apply `change`; the task ends with its last delivery."""

    change: Change = nothing


@dataclass(frozen=True)
class Again:
    """Not done, nothing wrong: apply `change`, wait `delay` seconds, take another turn.

    Counts as no attempt. `reason` is shown to people while it waits. With `wake` False no message is
    published: news (or the sweeper, a minute past `delay`) wakes the task.
    """

    delay: float = 0.0
    change: Change = nothing
    reason: Reason | None = None
    wake: bool = True


Answer = Advance | Finish | Again
Handler = Callable[["Claim"], Answer]


class LeaseLost(Conflict):
    """The claim is no longer ours: cancelled, or another worker took over. Stop at once."""


@dataclass
class Claim:
    """A worker's hold on one stage of a task, or on one of its deliveries."""

    task: Task
    stage: Stage
    token: str
    tasks: TaskStore
    delivery_id: str | None = None
    began: float = field(default_factory=time.monotonic)
    lost: bool = False

    @property
    def turn_is_over(self) -> bool:
        """Tell whether it is time to save the place and answer `Again`."""
        return time.monotonic() - self.began > TURN_SECONDS

    def blob_key(self, name: str) -> str:
        """Return a key of this attempt's own, so that a stale worker overwrites nothing."""
        return f"{self.task.id}/{self.stage}/{self.token}/{name}"

    def check(self) -> None:
        """Raise `LeaseLost` if the renewal found the claim gone. Call it between units of work."""
        if self.lost:
            raise LeaseLost("lease-lost")

    def save(self, alter: Change) -> Task:
        """Commit progress while the lease is ours; `Claim.task` is the new document.

        Raises
        ------
        LeaseLost
            If the lease is another's, or the task was cancelled or deleted.
        """

        def guarded(task: Task) -> None:
            if not transitions.holds(task, self.stage, self.delivery_id, self.token):
                self.lost = True
                raise LeaseLost("lease-lost")
            alter(task)

        self.task = ledger.change(self.tasks, self.task.id, guarded)
        return self.task

    def renew(self) -> None:
        """Extend the lease. Raises `LeaseLost`."""
        self.save(lambda task: transitions.renew(transitions.work_of(task, self.delivery_id), time.time()))

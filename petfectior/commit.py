"""Writing a handler's answer on the task, and telling whom to wake then."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import assert_never

from petfectior import metrics, transitions
from petfectior.events import Event
from petfectior.handling import Advance, Again, Answer, Claim, Finish
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.topology import wake, wakes
from petfectior.work import Outcome, Status


@dataclass(frozen=True)
class Saved:
    """A committed answer.

    Parameters
    ----------
    events
        What to publish now.
    retry_in
        Seconds after which this very message is to come again, or None to acknowledge it.
    """

    task: Task
    events: list[Event]
    retry_in: float | None = None


def commit(claim: Claim, answer: Answer, owner: str) -> Saved:
    """Commit what a handler answered. Raises `LeaseLost` if the claim is no longer ours."""
    now = time.time()
    match answer:
        case Advance():
            return _advance(claim, answer, owner, now)
        case Finish():
            return _finish(claim, answer, now)
        case Again():
            return _again(claim, answer, owner, now)
        case _:
            assert_never(answer)


def _advance(claim: Claim, answer: Advance, owner: str, now: float) -> Saved:
    def alter(task: Task) -> None:
        answer.change(task)
        transitions.enter(task, answer.stage, now, owner)

    entered = stage_entered_at(claim.task)
    task = claim.save(alter)
    metrics.STAGE_SECONDS.labels(claim.stage).observe(now - entered)
    return Saved(task, wakes(task))


def _finish(claim: Claim, answer: Finish, now: float) -> Saved:
    def alter(task: Task) -> None:
        answer.change(task)
        transitions.finish_delivery(task, task.delivery(claim.delivery_id or ""), now)

    task = claim.save(alter)
    metrics.STAGE_SECONDS.labels(claim.stage).observe(
        now - claim.task.delivery(claim.delivery_id or "").created_at
    )
    _count_delivery(claim, "done")
    _count_end(task)
    return Saved(task, _successors(task, claim.delivery_id))


def _again(claim: Claim, answer: Again, owner: str, now: float) -> Saved:
    def alter(task: Task) -> None:
        answer.change(task)
        _wait(task, claim, now + answer.delay, answer.reason, owner, attempt_counts=False)

    task = claim.save(alter)
    return Saved(task, [], answer.delay if answer.wake else None)


def give_back(claim: Claim, delay: float, reason: Reason, owner: str, *, attempt_counts: bool) -> None:
    """Let the stage or delivery wait for its next attempt. Raises `LeaseLost`."""
    due = time.time() + delay
    claim.save(lambda task: _wait(task, claim, due, reason, owner, attempt_counts=attempt_counts))
    if attempt_counts:
        _count_delivery(claim, "waiting")


def _wait(
    task: Task, claim: Claim, due: float, reason: Reason | None, owner: str, *, attempt_counts: bool
) -> None:
    work = transitions.work_of(task, claim.delivery_id)
    transitions.wait(work, due, reason, attempt_counts=attempt_counts)
    if claim.delivery_id is None and reason is not None:
        transitions.record(task, time.time(), owner, reason)


def stop_for_good(claim: Claim, outcome: Outcome, reason: Reason, owner: str) -> Saved:
    """Stop the task, or park the one delivery that failed. Raises `LeaseLost`."""
    now = time.time()

    def alter(task: Task) -> None:
        if claim.delivery_id is None:
            transitions.stop(task, outcome, reason, now, owner)
        else:
            delivery = task.delivery(claim.delivery_id)
            transitions.stop_delivery(task, delivery, Outcome.FAILED, reason, now)

    task = claim.save(alter)
    _count_delivery(claim, "failed")
    _count_end(task)
    return Saved(task, _successors(task, claim.delivery_id))


def _successors(task: Task, delivery_id: str | None) -> list[Event]:
    """Wake the deliveries that waited for this one."""
    return [
        wake(task, one.id)
        for one in task.deliveries
        if delivery_id is not None and one.after == delivery_id and one.work.status is Status.WAITING
    ]


def _count_delivery(claim: Claim, outcome: str) -> None:
    if claim.delivery_id is not None:
        destination = claim.task.delivery(claim.delivery_id).destination.name
        metrics.initialise_destination(destination)
        metrics.DELIVERIES.labels(destination, outcome).inc()


def _count_end(task: Task) -> None:
    if task.work.status in {Status.DONE, Status.STOPPED}:
        metrics.TASKS_ENDED.labels(task.stage, task.outcome or "done").inc()


def stage_entered_at(task: Task) -> float:
    """Return when the task entered its stage the last time."""
    entered = task.created_at
    for entry in reversed(task.history):
        if entry.stage is not task.stage:
            break
        entered = entry.at
    return entered

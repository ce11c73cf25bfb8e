"""The moves a task may make. Pure: each changes the document in hand; `petfectior.ledger` commits it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import uuid4

from petfectior.errors import Conflict
from petfectior.reasons import Reason
from petfectior.task import Delivery, HistoryEntry, Note, Task
from petfectior.work import Lease, Outcome, Stage, Status, Work

LEASE_SECONDS: Final = 60.0
EARLY_SECONDS: Final = 1.0
"""A message may arrive this much before `due`: clocks and delay queues round."""
SWEEP_FIRST: Final = 60.0
SWEEP_LONGEST: Final = 900.0
QUARANTINED: Final = "quarantined"
"""State of a job whose result failed a check."""
BEFORE_UPLOAD: Final = frozenset({Stage.RECEIVE, Stage.ANONYMIZE, Stage.UPLOAD})


def record(task: Task, now: float, who: str, reason: Reason) -> None:
    """Append a transition to the history; an equal one in the same stage folds into the earlier."""
    task.updated_at = now
    for entry in reversed(task.history):
        if entry.stage is not task.stage:
            break
        if (entry.status, entry.reason) == (task.work.status, reason):
            entry.count += 1
            entry.last_at = now
            entry.who = who
            return
    task.history.append(
        HistoryEntry(
            id=uuid4().hex,
            at=now,
            last_at=now,
            who=who,
            stage=task.stage,
            status=task.work.status,
            reason=reason,
        )
    )


def note(task: Task, now: float, code: str, **params: str | float) -> None:
    """Tell a person something that stops nothing; an equal note is not repeated."""
    reason = Reason(code=code, params=params)
    if all(existing.reason != reason for existing in task.notes):
        task.notes.append(Note(at=now, reason=reason))


def work_of(task: Task, delivery_id: str | None) -> Work:
    """Return the claimable state: the stage's, or one delivery's."""
    return task.work if delivery_id is None else task.delivery(delivery_id).work


def claim(
    task: Task,
    stage: Stage,
    delivery_id: str | None,
    owner: str,
    now: float,
    *,
    token: str,
    live: Collection[str] = (),
) -> bool:
    """Take the lease of a stage or delivery and count the attempt.

    Parameters
    ----------
    owner
        Name of this replica, unique among those that run.
    token
        What the lease will be known by, unique to this claim.
    live
        Tokens of the leases that this replica holds now. A lease in its own name that is not among
        them is from before its restart, so it is free without waiting for its end.

    Returns
    -------
    bool
        False if there is nothing to claim: another stage, settled, not yet due, or held by a live lease.
    """
    if task.stage is not stage or (delivery_id is None) is (stage is Stage.DELIVER):
        return False
    if delivery_id is not None and not _claimable_delivery(task, delivery_id):
        return False
    work = work_of(task, delivery_id)
    if work.status is Status.WORKING:
        if held(work, owner, now, live):
            return False
        work.reason = Reason(code="lease-lost")
    elif work.status is not Status.WAITING or work.due > now + EARLY_SECONDS:
        return False
    work.status = Status.WORKING
    work.lease = Lease(owner=owner, token=token, until=now + LEASE_SECONDS)
    work.attempts += 1
    if delivery_id is None:
        record(task, now, owner, Reason(code="stage-claimed"))
    return True


def held(work: Work, owner: str, now: float, live: Collection[str]) -> bool:
    """Tell whether a living worker has the lease."""
    if work.lease is None or work.lease.until <= now:
        return False
    return work.lease.owner != owner or work.lease.token in live


def claimable_in(task: Task, stage: Stage, delivery_id: str | None, now: float) -> float | None:
    """Return the seconds until a lease in the way may end; None if no lease is in the way."""
    if task.stage is not stage or (delivery_id is None) is (stage is Stage.DELIVER):
        return None
    if delivery_id is not None and not _claimable_delivery(task, delivery_id):
        return None
    work = work_of(task, delivery_id)
    if work.status is not Status.WORKING or work.lease is None:
        return None
    return max(0.5, work.lease.until - now + 0.1)


def _claimable_delivery(task: Task, delivery_id: str) -> bool:
    delivery = next((one for one in task.deliveries if one.id == delivery_id), None)
    if delivery is None or delivery.outcome is not None:
        return False
    waited_for = next((one for one in task.deliveries if one.id == delivery.after), None)
    return waited_for is None or _finished(waited_for)


def holds(task: Task, stage: Stage, delivery_id: str | None, token: str) -> bool:
    """Tell whether `token` still is the lease of that stage or delivery."""
    if task.stage is not stage:
        return False
    if delivery_id is not None and all(one.id != delivery_id for one in task.deliveries):
        return False
    work = work_of(task, delivery_id)
    return work.status is Status.WORKING and work.lease is not None and work.lease.token == token


def renew(work: Work, now: float) -> None:
    """Extend the lease in hand."""
    if work.lease is None:
        raise Conflict("lease-lost")
    work.lease = work.lease.model_copy(update={"until": now + LEASE_SECONDS})


def enter(task: Task, stage: Stage, now: float, who: str, code: str = "stage-finished") -> None:
    """Move to `stage`, waiting and due now."""
    task.stage = stage
    task.work = Work(due=now)
    record(task, now, who, Reason(code=code))


def finish(task: Task, now: float, who: str) -> None:
    """End the task: everything is done."""
    task.work = Work(status=Status.DONE)
    task.open_key = None
    record(task, now, who, Reason(code="stage-finished"))


def wait(work: Work, due: float, reason: Reason | None, *, attempt_counts: bool) -> None:
    """Give the lease back and wait until `due`."""
    work.status = Status.WAITING
    work.lease = None
    work.due = due
    work.reason = reason
    work.sweeps = 0
    work.next_sweep = 0.0
    if not attempt_counts:
        work.attempts = max(0, work.attempts - 1)


def stop(task: Task, outcome: Outcome, reason: Reason, now: float, who: str) -> None:
    """Stop the task with what a person should read."""
    task.work.status = Status.STOPPED
    task.work.lease = None
    task.work.reason = reason
    task.outcome = outcome
    record(task, now, who, reason)


def stop_delivery(task: Task, delivery: Delivery, outcome: Outcome, reason: Reason, now: float) -> None:
    """Park one delivery; the others go on."""
    delivery.work.status = Status.STOPPED
    delivery.work.lease = None
    delivery.work.reason = reason
    delivery.outcome = outcome
    delivery.finished_at = now
    settle_deliveries(task, now, delivery.destination.name)


def finish_delivery(task: Task, delivery: Delivery, now: float) -> None:
    """Note that a peer has everything."""
    delivery.work = Work(status=Status.DONE, attempts=delivery.work.attempts)
    delivery.finished_at = now
    settle_deliveries(task, now, delivery.destination.name)


def settle_deliveries(task: Task, now: float, who: str) -> None:
    """End the task once its last delivery has ended; the newest delivery per destination decides."""
    if task.stage is not Stage.DELIVER or not all(_finished(one) for one in task.deliveries):
        return
    newest = {one.destination.name: one for one in task.deliveries}
    parked = [one for one in newest.values() if one.work.status is Status.STOPPED]
    if not parked:
        task.outcome = None
        finish(task, now, who)
    else:
        params: dict[str, str | float] = {"parked": len(parked), "total": len(newest)}
        stop(task, Outcome.FAILED, Reason(code="deliveries-parked", params=params), now, who)


def _finished(delivery: Delivery) -> bool:
    return delivery.work.status in {Status.DONE, Status.STOPPED}


def cancel(task: Task, now: float, who: str) -> None:
    """Stop everything on a person's word. Raises `Conflict` if the task has ended."""
    if task.work.status in {Status.DONE, Status.STOPPED}:
        raise Conflict("task-has-ended")
    reason = Reason(code="cancelled-by-person")
    for delivery in task.deliveries:
        if not _finished(delivery):
            delivery.work = Work(status=Status.STOPPED, reason=reason)
            delivery.outcome = Outcome.CANCELLED
            delivery.finished_at = now
    task.open_key = None
    stop(task, Outcome.CANCELLED, reason, now, who)


def retry(task: Task, now: float, who: str) -> None:
    """Take up the stopped stage again, with its attempts forgotten.

    A result that was not believed is asked for anew: retry then begins with a new upload.

    Raises
    ------
    Conflict
        If the task runs, or has ended well.
    """
    if task.work.status is not Status.STOPPED:
        raise Conflict("task-not-stopped")
    task.outcome = None
    if task.stage in {Stage.DOWNLOAD, Stage.REBUILD} and task.job and task.job.state == QUARANTINED:
        task.stage = Stage.UPLOAD
    task.work = Work(due=now)
    for delivery in task.deliveries:
        if delivery.work.status is Status.STOPPED:
            delivery.work = Work(due=now)
            delivery.outcome = None
            delivery.finished_at = None
            delivery.created_at = now
    record(task, now, who, Reason(code="retried-by-person"))


def due_for_sweep(task: Task, now: float) -> Iterable[str | None]:
    """Yield what the sweeper must wake: None for the stage, or delivery ids; moves their next sweep on."""
    works: list[tuple[str | None, Work]] = (
        [(one.id, one.work) for one in task.deliveries]
        if task.stage is Stage.DELIVER
        else [(None, task.work)]
    )
    for delivery_id, work in works:
        if work.sweep_at is None or work.sweep_at > now:
            continue
        if work.status is Status.WORKING:
            work.status = Status.WAITING
            work.lease = None
            work.reason = Reason(code="lease-lost")  # counts as a crash when it is claimed again
            if delivery_id is None:
                record(task, now, "sweeper", Reason(code="lease-lost"))
        # It is published now, so it must be claimable now: the next sweep moves on, not `due`.
        work.next_sweep = now + min(SWEEP_FIRST * 2**work.sweeps, SWEEP_LONGEST)
        work.sweeps += 1
        yield delivery_id

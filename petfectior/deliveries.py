"""Deliveries of a task: opening them, sending again, and who waits for whom. Pure changes of the document."""

from __future__ import annotations

from uuid import uuid4

from petfectior.errors import Conflict
from petfectior.reasons import Reason
from petfectior.task import Delivery, Destination, Task
from petfectior.transitions import record
from petfectior.work import Stage, Status, Work


def open_deliveries(task: Task, now: float) -> None:
    """Add one delivery of all outputs for each destination of the task, due now."""
    task.deliveries += [_delivery(task, destination, now) for destination in task.destinations]


def resend(task: Task, destination: Destination, now: float, who: str = "person") -> Delivery:
    """Add a delivery of all outputs to `destination`; it waits for a running one to the same destination.

    Returns
    -------
    Delivery
        The new delivery, whose event is to be published.

    Raises
    ------
    Conflict
        If the derived series is not built yet.
    """
    if task.stage is not Stage.DELIVER or not task.outputs:
        raise Conflict("task-not-built-yet")
    delivery = _delivery(task, destination, now)
    running = [one for one in task.deliveries if _same(one.destination, destination) and not _ended(one)]
    delivery.after = running[-1].id if running else None
    task.deliveries.append(delivery)
    if task.work.status in {Status.DONE, Status.STOPPED}:
        task.work = Work(due=now)
        task.outcome = None
    record(task, now, who, Reason(code="resent-by-person"))
    return delivery


def _delivery(task: Task, destination: Destination, now: float) -> Delivery:
    return Delivery(
        id=uuid4().hex,
        destination=destination,
        work=Work(due=now),
        created_at=now,
        total=sum(output.count for output in task.outputs),
    )


def _same(one: Destination, other: Destination) -> bool:
    return (one.ae_title, one.address, one.port) == (other.ae_title, other.address, other.port)


def _ended(delivery: Delivery) -> bool:
    return delivery.work.status in {Status.DONE, Status.STOPPED}

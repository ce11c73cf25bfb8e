"""Decides what becomes of a task whose parts are all stored: go on, wait, or stop with what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4

import structlog

from petfectior import deliveries, ledger, metrics, transitions
from petfectior.errors import Conflict, Rejected
from petfectior.pet import completeness
from petfectior.pet.completeness import Limits, Verdict
from petfectior.pet.instance import InstanceFacts
from petfectior.reasons import Reason
from petfectior.routing import destinations_for
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Destination, Kind, Output, PartState, Task
from petfectior.topology import wakes
from petfectior.work import Outcome, Stage, Status
from services.scp import part_storage, succession
from services.scp.membership import WHO, end_of_series

HEARTBEAT_LOST: Final = 30.0
"""A part whose replica was not heard of for so long is shown and alerted."""
log = structlog.get_logger()


def evaluate(task_id: str, ports: Ports, now: float) -> None:
    """Evaluate a task in receive; nothing happens while one of its parts is open.

    Raises
    ------
    NotFound
        If the task was deleted.
    Conflict
        If a document changed meanwhile; evaluate again.
    """
    task = ports.tasks.get(task_id)
    if (task.stage, task.work.status) != (Stage.RECEIVE, Status.WAITING) or not task.parts:
        return
    if any(part.state is PartState.OPEN for part in task.parts):
        _watch_open_parts(task, ports, now)
        return
    settings = ports.settings()
    facts = part_storage.facts_of(task, ports.blobs)
    limits = Limits(settings.minimum_images, settings.spacing_tolerance)
    quiet = now >= end_of_series(task, settings) or task.process_as_is
    if task.kind is Kind.FORWARD:
        judged = task.id if not quiet else _succeed(task, facts, ports, limits, now)
        if quiet and judged == task.id:
            _forward(task, facts, ports, settings, now)
        return
    verdict = completeness.assess(facts, limits)
    whole = verdict.complete and verdict.expected is not None
    if not (quiet or whole):
        return
    judged = _succeed(task, facts, ports, limits, now)
    if judged is None:
        return
    if judged != task.id or len(ports.tasks.get(task.id).parts) != len(task.parts):
        evaluate(judged, ports, now)
        return
    _conclude(task, facts, verdict, ports, now)


def _succeed(task: Task, facts: list[InstanceFacts], ports: Ports, limits: Limits, now: float) -> str | None:
    return succession.settle(task, facts, ports, limits, now)


def _watch_open_parts(task: Task, ports: Ports, now: float) -> None:
    """Say so if the replica of an open part is gone; the task is not rejected meanwhile."""
    lost = [
        part for part in task.parts if part.state is PartState.OPEN and now - part.heartbeat > HEARTBEAT_LOST
    ]
    if not lost:
        return
    metrics.PARTS_ORPHANED.inc(len(lost))
    log.warning("part.replica-gone", task=task.id, count=len(lost))

    def alter(document: Task) -> None:
        transitions.note(document, now, "part-replica-gone", count=len(lost))
        document.work.due = max(document.work.due, now + HEARTBEAT_LOST)

    ledger.change(ports.tasks, task.id, alter)


def _conclude(task: Task, facts: list[InstanceFacts], verdict: Verdict, ports: Ports, now: float) -> None:
    if verdict.complete or task.process_as_is:
        _commit(task, ports, lambda document: _accept(document, facts, verdict, now))
    elif verdict.reason is not None:
        reason = verdict.reason
        _commit(task, ports, lambda document: _reject(document, verdict, reason, now))


def _commit(judged: Task, ports: Ports, alter: Callable[[Task], None]) -> None:
    """Commit if the task still is what was judged, then wake whoever is next."""

    def guarded(task: Task) -> None:
        same = [part.id for part in task.parts] == [part.id for part in judged.parts]
        if not same or (task.stage, task.work.status) != (Stage.RECEIVE, Status.WAITING):
            raise Conflict("task-contended")
        alter(task)

    task = ledger.change(ports.tasks, judged.id, guarded)
    log.info("series.evaluated", task=task.id, stage=task.stage.value, count=task.received)
    for event in wakes(task):
        ports.bus.publish(event)


def _accept(task: Task, facts: Sequence[InstanceFacts], verdict: Verdict, now: float) -> None:
    task.expected, task.received = verdict.expected, verdict.received
    task.open_key = None
    _note_conflicts(task, facts, now)
    transitions.enter(task, Stage.ANONYMIZE, now, WHO)


def _reject(task: Task, verdict: Verdict, reason: Reason, now: float) -> None:
    task.expected, task.received = verdict.expected, verdict.received
    transitions.stop(task, Outcome.REJECTED, reason, now, WHO)


def _note_conflicts(task: Task, facts: Sequence[InstanceFacts], now: float) -> None:
    """Tell of instances that came with two contents: the first acknowledged is used."""
    first: dict[str, str] = {}
    for one in facts:
        first.setdefault(one.sop_instance_uid, one.digest)
    differing = {one.sop_instance_uid for one in facts if first[one.sop_instance_uid] != one.digest}
    if differing:
        transitions.note(task, now, "instances-conflict", count=len(differing))


def _forward(task: Task, facts: list[InstanceFacts], ports: Ports, settings: Settings, now: float) -> None:
    """Hand on what is not processed, as it came."""
    try:
        destinations = _destinations(task, ports, settings)
    except Rejected as error:
        reason = error.reason
        _commit(task, ports, lambda document: _refuse(document, facts, reason, now))
        return
    _commit(task, ports, lambda document: _deliver(document, facts, destinations, now))


def _destinations(task: Task, ports: Ports, settings: Settings) -> list[Destination]:
    found = destinations_for(task.source, task.series, ports.registry, mirror=settings.mirror_mode)
    if not found:
        raise Rejected("forward-without-destination")
    return found


def _refuse(task: Task, facts: Sequence[InstanceFacts], reason: Reason, now: float) -> None:
    task.received = len({one.sop_instance_uid for one in facts})
    task.open_key = None
    transitions.stop(task, Outcome.REJECTED, reason, now, WHO)


def _deliver(task: Task, facts: Sequence[InstanceFacts], destinations: list[Destination], now: float) -> None:
    task.received = len({one.sop_instance_uid for one in facts})
    task.open_key = None
    task.destinations = destinations
    by_arrival = sorted(task.parts, key=lambda part: part.first_at)
    blobs = [part.blob for part in by_arrival if part.blob is not None]
    task.outputs = [
        Output(
            id=uuid4().hex,
            series_uid=task.series.series_uid,
            description=task.series.series_description,
            blobs=blobs,
            count=task.received,
        )
    ]
    transitions.enter(task, Stage.DELIVER, now, WHO)
    deliveries.open_deliveries(task, now)

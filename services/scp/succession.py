"""Carries out what `services.scp.late_instances` decides, each step by compare-and-set.

Whatever step a crash comes after, the next evaluation of the task that is left finds where to go on.
"""

from __future__ import annotations

import structlog

from petfectior import ledger, transitions
from petfectior.errors import Conflict, NotFound
from petfectior.parts import copied
from petfectior.pet import completeness
from petfectior.pet.instance import InstanceFacts
from petfectior.ports import TaskQuery
from petfectior.service import Ports
from petfectior.task import Part, Task
from petfectior.work import Stage
from services.scp import membership, part_storage
from services.scp.late_instances import Fate, fate, may_reopen

log = structlog.get_logger()


def settle(
    task: Task, late: list[InstanceFacts], ports: Ports, limits: completeness.Limits, now: float
) -> str | None:
    """Settle a quiet task with the one that it continues.

    Returns
    -------
    str or None
        Id of the task to judge now; None if nothing is left to judge.

    Raises
    ------
    Conflict
        If a document changed meanwhile; evaluate again.
    """
    earlier = _earlier(task, ports)
    if earlier is None:
        return task.id
    before = part_storage.facts_of(earlier, ports.blobs)
    decision = fate(task, late, earlier, before, limits)
    if decision is not Fate.ALONE:
        log.info("late-instances.settled", task=task.id, outcome=decision.value, count=len(late))
    match decision:
        case Fate.ALONE:
            return task.id
        case Fate.COPIES:
            _note_copies(earlier, len(late), ports, now)
            _delete(task, ports)
            return None
        case Fate.MOVED:
            _delete(task, ports)
            return earlier.id
        case Fate.REOPEN:
            _reopen(task, earlier, len(late), ports, now)
            _delete(task, ports)
            return earlier.id
        case Fate.EXTEND:
            _extend(task, earlier, ports, now)
            return task.id


def _earlier(task: Task, ports: Ports) -> Task | None:
    if task.continues is None:
        return None
    try:
        return ports.tasks.get(task.continues)
    except NotFound:
        return None


def _note_copies(earlier: Task, count: int, ports: Ports, now: float) -> None:
    ledger.change(
        ports.tasks, earlier.id, lambda task: transitions.note(task, now, "late-copies", count=count)
    )


def _delete(task: Task, ports: Ports) -> None:
    newest = ports.tasks.get(task.id)
    if {part.id for part in newest.parts} != {part.id for part in task.parts}:
        raise Conflict("task-contended")  # a part joined meanwhile
    ports.tasks.delete(task.id, newest.revision)
    part_storage.erase(task, ports.blobs)


def _reopen(task: Task, earlier: Task, count: int, ports: Ports, now: float) -> None:
    parts = [copied(part, earlier.id, ports.blobs) for part in task.parts]
    ledger.change(ports.tasks, task.id, _close)
    holders = ports.tasks.find(TaskQuery(open_key=task.series_key, limit=1))
    open_key = None if holders else task.series_key
    ledger.change(ports.tasks, earlier.id, lambda one: _take_back(one, parts, count, open_key, now))


def _close(task: Task) -> None:
    task.open_key = None


def _take_back(task: Task, parts: list[Part], count: int, open_key: str | None, now: float) -> None:
    if not may_reopen(task):
        raise Conflict("task-past-upload")
    known = {part.id for part in task.parts}
    task.parts += [part for part in parts if part.id not in known]
    task.open_key = task.open_key or open_key
    task.package = None
    transitions.note(task, now, "late-instances", count=count)
    if task.stage is not Stage.RECEIVE or task.outcome is not None:
        membership.resume(task, now, "series-continued")


def _extend(task: Task, earlier: Task, ports: Ports, now: float) -> None:
    parts = [copied(part, task.id, ports.blobs) for part in earlier.parts if part.blob]

    def prepend(document: Task) -> None:
        known = {part.id for part in document.parts}
        document.parts = [part for part in parts if part.id not in known] + document.parts
        transitions.note(document, now, "series-extended", count=sum(part.count for part in parts))

    ledger.change(ports.tasks, task.id, prepend)

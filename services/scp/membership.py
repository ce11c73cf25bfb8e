"""Which task a part belongs to: recording open parts on tasks, with their heartbeat."""

from __future__ import annotations

from typing import Final

import structlog

from petfectior import ledger, transitions
from petfectior.dicom import text
from petfectior.errors import Conflict
from petfectior.pet import completeness
from petfectior.ports import TaskQuery, TaskStore
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Kind, Part, PartState, Series, Task
from petfectior.work import Outcome, Stage, Status
from services.scp.negotiation import is_processed
from services.scp.spool_part import CONTRIBUTING_EQUIPMENT, SHOWN, SPECIFIC_CHARACTER_SET, SpoolPart

WHO: Final = "scp"
OWN_SERIES: Final = Reason(code="own-derived-series")
PROGRAM: Final = b"PETfectior"
SERIES_REMEMBERED: Final = 50
log = structlog.get_logger()


def join(part: SpoolPart, task_id: str | None, ports: Ports, now: float) -> Task:
    """Record the part as it is now on its task, finding or making that task.

    Parameters
    ----------
    task_id
        The task that it was recorded on before, if it was.

    Raises
    ------
    NotFound
        If the task that it was recorded on was deleted meanwhile.
    Conflict
        If another replica was faster; try again.
    """
    settings = ports.settings()
    if task_id is not None:
        return ledger.change(ports.tasks, task_id, lambda task: _update(task, part, ports, settings, now))
    known = ports.tasks.find(TaskQuery(series_key=part.origin.series_key, limit=SERIES_REMEMBERED))
    owner = next((task for task in known if any(one.id == part.id for one in task.parts)), None)
    if owner is not None:
        return owner
    open_task = next((task for task in known if task.open_key == part.origin.series_key), None)
    if open_task is not None:
        return ledger.change(ports.tasks, open_task.id, lambda task: _enrol(task, part, ports, settings, now))
    return ports.tasks.insert(_new_task(part, known[0] if known else None, ports, settings, now))


def quiet_seconds(settings: Settings, calling_ae_title: str) -> float:
    """Return how long the sender may pause before its series counts as ended."""
    return settings.quiet_seconds_by_sender.get(calling_ae_title, settings.quiet_seconds)


def _enrol(task: Task, part: SpoolPart, ports: Ports, settings: Settings, now: float) -> None:
    if task.open_key != part.origin.series_key:
        raise Conflict("task-not-open")
    _update(task, part, ports, settings, now)


def _new_task(part: SpoolPart, earlier: Task | None, ports: Ports, settings: Settings, now: float) -> Task:
    first = part.facts[0]
    processed = is_processed(first.sop_class_uid, first.transfer_syntax_uid)
    task = Task(
        created_at=now,
        updated_at=now,
        frozen_at=now,
        kind=Kind.PROCESS if processed else Kind.FORWARD,
        source=part.origin.source,
        series=_series(part),
        series_key=part.origin.series_key,
        open_key=part.origin.series_key,
        continues=earlier.id if earlier else None,
    )
    _update(task, part, ports, settings, now)
    transitions.record(task, now, WHO, Reason(code="task-created"))
    if task.kind is Kind.PROCESS and _is_own(part, ports.tasks):
        transitions.stop(task, Outcome.REJECTED, OWN_SERIES, now, WHO)
    log.info("task.created", task=task.id, correlation=task.correlation_id)
    return task


def _update(task: Task, part: SpoolPart, ports: Ports, settings: Settings, now: float) -> None:
    """Write the part's count and heartbeat; news takes up a task that was rejected as incomplete."""
    recorded = next((one for one in task.parts if one.id == part.id), None)
    news = recorded is None or recorded.count < part.count
    if recorded is None:
        task.parts.append(_described(part, ports.base.replica, now))
    elif recorded.state is PartState.OPEN:
        recorded.replica = ports.base.replica
        recorded.count, recorded.last_at, recorded.heartbeat = part.count, part.last_at, now
    task.received = max(task.received, sum(one.count for one in task.parts))
    task.expected = task.expected or completeness.expected_count(part.facts[:1])
    task.updated_at = now
    if task.stage is not Stage.RECEIVE:
        return
    if news and task.outcome is Outcome.REJECTED and task.work.reason != OWN_SERIES:
        resume(task, now, "series-continued")
    if task.work.status is Status.WAITING:
        task.work.due = end_of_series(task, settings)


def end_of_series(task: Task, settings: Settings) -> float:
    """Return the end of the quiet time: it runs from the latest instance on any replica."""
    latest = max((one.last_at for one in task.parts), default=0.0)
    return latest + quiet_seconds(settings, task.source.calling_ae_title)


def resume(task: Task, now: float, code: str) -> None:
    """Bring a task back to receive, waiting."""
    task.outcome = None
    transitions.enter(task, Stage.RECEIVE, now, WHO, code)


def _described(part: SpoolPart, replica: str, now: float) -> Part:
    return Part(
        id=part.id,
        replica=replica,
        count=part.count,
        first_at=part.first_at,
        last_at=part.last_at,
        heartbeat=now,
    )


def _is_own(part: SpoolPart, tasks: TaskStore) -> bool:
    """Tell whether PETfectior made this series: it must never be processed again."""
    if PROGRAM in part.first.get(CONTRIBUTING_EQUIPMENT, b""):
        return True
    series_uid = _ascii(part.first.get(SHOWN["series_uid"], b""))
    made = tasks.find(TaskQuery(derived_series_uid=series_uid, limit=10))
    return any(task.kind is Kind.PROCESS for task in made)


def _series(part: SpoolPart) -> Series:
    charset = part.first.get(SPECIFIC_CHARACTER_SET, b"")
    shown = {name: text.display(part.first.get(tag, b""), charset) for name, tag in SHOWN.items()}
    return Series(**shown)


def _ascii(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \0")

"""The path of a task: each visit to a stage, how long it took, and what was worth saying."""

from __future__ import annotations

from itertools import groupby
from typing import Literal

from pydantic import BaseModel

from petfectior.task import HistoryEntry, Task
from petfectior.work import Stage, Status
from services.api.wording import Wording

ROUTINE = frozenset({"task-created", "stage-claimed", "stage-finished", "stage-continues"})
UNCLAIMED = frozenset({Stage.RECEIVE, Stage.PROCESS, Stage.DELIVER})
"""Stages whose time is not spent waiting for one of our workers."""


class Remark(BaseModel):
    """A transition that is not routine."""

    at: float
    last_at: float
    count: int
    who: str
    sentence: str


class Visit(BaseModel):
    """One stay in a stage.

    Parameters
    ----------
    waited, worked
        Seconds before the first claim, and since.
    """

    stage: Stage
    state: Literal["done", "now", "stopped"]
    began: float
    ended: float | None
    waited: float
    worked: float
    remarks: list[Remark]


def timeline(task: Task, now: float, wording: Wording) -> list[Visit]:
    """Return the visits in order; a stage that was retried is visited again only after another one."""
    groups = [list(group) for _, group in groupby(task.history, key=lambda entry: entry.stage)]
    ends = [group[0].at for group in groups[1:]]
    visits = [_visit(group, end, "done", wording) for group, end in zip(groups, ends, strict=False)]
    if groups:
        visits.append(_last(task, groups[-1], now, wording))
    return visits


def _last(task: Task, group: list[HistoryEntry], now: float, wording: Wording) -> Visit:
    if task.status in {Status.WAITING, Status.WORKING}:
        visit = _visit(group, now, "now", wording)
        return visit.model_copy(update={"ended": None})
    state: Literal["done", "stopped"] = "done" if task.status is Status.DONE else "stopped"
    return _visit(group, group[-1].last_at, state, wording)


def _visit(
    group: list[HistoryEntry], end: float, state: Literal["done", "now", "stopped"], wording: Wording
) -> Visit:
    began = group[0].at
    claims = [entry.at for entry in group if entry.reason.code == "stage-claimed"]
    claimed = began if group[0].stage in UNCLAIMED else min(claims, default=end)
    return Visit(
        stage=group[0].stage,
        state=state,
        began=began,
        ended=end,
        waited=max(0.0, claimed - began),
        worked=max(0.0, end - claimed),
        remarks=[_remark(entry, wording) for entry in group if entry.reason.code not in ROUTINE],
    )


def _remark(entry: HistoryEntry, wording: Wording) -> Remark:
    return Remark(
        at=entry.at,
        last_at=entry.last_at,
        count=entry.count,
        who=entry.who,
        sentence=wording.reason(entry.reason),
    )

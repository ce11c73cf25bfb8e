"""Instances of a series that had already left receive: what becomes of the task that they opened.

The decision is pure; `services.scp.succession` carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from petfectior.pet import completeness
from petfectior.pet.instance import InstanceFacts
from petfectior.task import Kind, Task
from petfectior.transitions import BEFORE_UPLOAD
from petfectior.work import Outcome, Status


class Fate(StrEnum):
    """What becomes of a task that continues an earlier one."""

    ALONE = "alone"
    """It goes its own way: the whole series again, or a forward."""
    COPIES = "copies"
    """The earlier task has all of it: a note there, and this task is deleted."""
    MOVED = "moved"
    """Its parts are on the earlier task already; this task is deleted."""
    REOPEN = "reopen"
    """Its parts go over to the earlier task, which returns to receive."""
    EXTEND = "extend"
    """It begins with all stored parts of the earlier task."""


def fate(
    task: Task,
    late: Sequence[InstanceFacts],
    earlier: Task,
    before: Sequence[InstanceFacts],
    limits: completeness.Limits,
) -> Fate:
    """Decide.

    Parameters
    ----------
    task, late
        The task that late instances opened, and all it has.
    earlier, before
        The newest earlier task of the same series, and all it has.
    """
    mine, theirs = {part.id for part in task.parts}, {part.id for part in earlier.parts}
    if theirs <= mine:
        return Fate.ALONE
    if mine <= theirs:
        return Fate.MOVED
    if is_whole(late, before, limits):
        return Fate.ALONE
    if _contents(late) <= _contents(before):
        return Fate.COPIES
    if earlier.kind is Kind.FORWARD or task.kind is Kind.FORWARD:
        return Fate.ALONE
    return Fate.REOPEN if may_reopen(earlier) else Fate.EXTEND


def is_whole(
    late: Sequence[InstanceFacts], before: Sequence[InstanceFacts], limits: completeness.Limits
) -> bool:
    """Tell whether the whole series came again: complete by itself, or all that came the first time."""
    again = {one.sop_instance_uid for one in before} <= {one.sop_instance_uid for one in late}
    return again or completeness.assess(late, limits).complete


def may_reopen(earlier: Task) -> bool:
    """Tell whether nothing of the task was uploaded yet, and no person ended it."""
    return (
        earlier.stage in BEFORE_UPLOAD
        and not earlier.jobs
        and earlier.outcome is not Outcome.CANCELLED
        and earlier.work.status is not Status.DONE
    )


def _contents(facts: Sequence[InstanceFacts]) -> set[tuple[str, str]]:
    return {(one.sop_instance_uid, one.digest) for one in facts}

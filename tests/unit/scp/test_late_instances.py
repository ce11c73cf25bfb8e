"""What becomes of instances that come after their series had left receive."""

from __future__ import annotations

import pytest

from petfectior.pet.completeness import Limits
from petfectior.pet.instance import InstanceFacts
from petfectior.task import Job, Kind, Part, Source, Task
from petfectior.work import Outcome, Stage
from services.scp.late_instances import Fate, fate, may_reopen

LIMITS = Limits(minimum_images=3)


def fact(n: int, digest: str = "", announced: int | None = None) -> InstanceFacts:
    return InstanceFacts(
        sop_class_uid="1.2",
        sop_instance_uid=f"1.2.{n}",
        transfer_syntax_uid="1.2",
        digest=digest or f"digest-{n}",
        offset=0,
        size=1,
        position=(0, 0, 3.0 * n),
        orientation=(1, 0, 0, 0, 1, 0),
        number_of_slices=announced,
    )


def task(*parts: str, stage: Stage = Stage.ANONYMIZE, kind: Kind = Kind.PROCESS) -> Task:
    return Task(
        created_at=0,
        updated_at=0,
        frozen_at=0,
        stage=stage,
        kind=kind,
        source=Source(calling_ae_title="A", called_ae_title="B", address="127.0.0.1"),
        series_key="k",
        parts=[Part(id=one, replica="r", first_at=0, last_at=0, heartbeat=0) for one in parts],
    )


BEFORE = [fact(n, announced=6) for n in range(6)]


def test_equal_copies_of_a_few_are_copies() -> None:
    assert fate(task("b"), BEFORE[:2], task("a"), BEFORE, LIMITS) is Fate.COPIES


def test_whole_series_again_goes_its_own_way() -> None:
    assert fate(task("b"), BEFORE, task("a"), BEFORE, LIMITS) is Fate.ALONE


def test_all_that_came_the_first_time_is_the_whole_series_again() -> None:
    before = BEFORE[:4]
    assert fate(task("b"), before, task("a"), before, LIMITS) is Fate.ALONE


def test_new_instances_reopen_a_task_before_its_upload() -> None:
    assert fate(task("b"), BEFORE[4:], task("a"), BEFORE[:4], LIMITS) is Fate.REOPEN


def test_copy_with_other_content_is_new() -> None:
    assert fate(task("b"), [fact(0, "other")], task("a"), BEFORE, LIMITS) is Fate.REOPEN


def test_new_instances_extend_a_task_past_its_upload() -> None:
    assert fate(task("b"), BEFORE[4:], task("a", stage=Stage.DELIVER), BEFORE[:4], LIMITS) is Fate.EXTEND


def test_forwarded_series_never_gets_earlier_parts() -> None:
    earlier = task("a", stage=Stage.DELIVER, kind=Kind.FORWARD)
    assert fate(task("b", kind=Kind.FORWARD), BEFORE[4:], earlier, BEFORE[:4], LIMITS) is Fate.ALONE


def test_crash_after_parts_went_over_only_deletes() -> None:
    assert fate(task("b"), BEFORE[4:], task("a", "b"), BEFORE, LIMITS) is Fate.MOVED


def test_task_that_was_extended_is_judged_by_itself() -> None:
    assert fate(task("a", "b"), BEFORE, task("a"), BEFORE[:4], LIMITS) is Fate.ALONE


@pytest.mark.parametrize("stage", list(Stage))
def test_only_tasks_before_upload_reopen(stage: Stage) -> None:
    assert may_reopen(task("a", stage=stage)) is (stage in {Stage.RECEIVE, Stage.ANONYMIZE, Stage.UPLOAD})


def test_task_with_a_job_or_cancelled_stays_closed() -> None:
    uploading = task("a", stage=Stage.UPLOAD)
    uploading.jobs.append(Job(id="j", nonce="n", created_at=0))
    cancelled = task("a")
    cancelled.outcome = Outcome.CANCELLED
    assert not may_reopen(uploading)
    assert not may_reopen(cancelled)

from __future__ import annotations

import itertools
from collections.abc import Collection

import pytest

from petfectior import attempts, transitions
from petfectior.errors import Conflict
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.work import Outcome, Stage, Status, Work
from tests.unit.core.documents import NOW, delivery, task

LATER = NOW + transitions.LEASE_SECONDS + 1
SWEPT = NOW + 61
TOKENS = itertools.count()


def claim(
    one: Task, stage: Stage, delivery_id: str | None, owner: str, now: float, live: Collection[str] = ()
) -> str | None:
    """Claim under a token of its own; return the token, or None if nothing was to be claimed."""
    token = f"token-{next(TOKENS)}"
    taken = transitions.claim(one, stage, delivery_id, owner, now, token=token, live=live)
    return token if taken else None


def test_claim_takes_a_lease_and_counts_the_attempt() -> None:
    one = task()
    token = claim(one, Stage.ANONYMIZE, None, "a", NOW)
    assert token
    assert one.work.attempts == 1
    assert transitions.holds(one, Stage.ANONYMIZE, None, token)


def test_claim_of_another_stage_a_future_or_a_held_one_finds_nothing() -> None:
    assert claim(task(), Stage.UPLOAD, None, "a", NOW) is None
    assert claim(task(work=Work(due=NOW + 5)), Stage.ANONYMIZE, None, "a", NOW) is None
    held = task()
    assert claim(held, Stage.ANONYMIZE, None, "a", NOW)
    assert claim(held, Stage.ANONYMIZE, None, "b", NOW + 1) is None


def test_a_lease_that_ended_is_claimable_and_the_old_token_is_worth_nothing() -> None:
    one = task()
    first = claim(one, Stage.ANONYMIZE, None, "a", NOW)
    second = claim(one, Stage.ANONYMIZE, None, "b", LATER)
    assert first
    assert second
    assert not transitions.holds(one, Stage.ANONYMIZE, None, first)
    assert one.work.attempts == 2
    assert one.work.reason == Reason(code="lease-lost")


def test_a_restarted_replica_takes_its_own_lease_back_but_not_one_it_still_works_on() -> None:
    one = task()
    token = claim(one, Stage.ANONYMIZE, None, "a", NOW)
    assert token
    assert claim(one, Stage.ANONYMIZE, None, "a", NOW + 1, live={token}) is None
    assert claim(one, Stage.ANONYMIZE, None, "a", NOW + 1, live=()) is not None


def test_equal_attempts_fold_into_one_history_entry() -> None:
    one = task()
    for round_ in range(20):
        now = NOW + 100.0 * round_
        assert claim(one, Stage.ANONYMIZE, None, "a", now)
        transitions.wait(one.work, now, Reason(code="store-unavailable"), attempt_counts=True)
        transitions.record(one, now, "a", Reason(code="store-unavailable"))
    assert [entry.count for entry in one.history] == [20, 20]


def test_waiting_that_is_no_attempt_gives_the_attempt_back() -> None:
    one = task()
    claim(one, Stage.ANONYMIZE, None, "a", NOW)
    transitions.wait(one.work, NOW, None, attempt_counts=False)
    assert one.work.attempts == 0


def test_sweeper_leaves_alone_what_is_not_a_minute_past_due() -> None:
    one = task()
    assert list(transitions.due_for_sweep(one, NOW + 59)) == []
    assert list(transitions.due_for_sweep(one, SWEPT)) == [None]


def test_sweeps_come_less_often_each_time_and_what_is_swept_is_claimable() -> None:
    one = task()
    gaps = []
    now = SWEPT
    for _ in range(7):
        assert list(transitions.due_for_sweep(one, now)) == [None]
        assert one.sweep_at is not None
        gaps.append(one.sweep_at - now)
        now = one.sweep_at
    assert gaps == [60, 120, 240, 480, 900, 900, 900]
    assert claim(one, Stage.ANONYMIZE, None, "a", now)


def test_sweeper_frees_a_stage_whose_worker_died() -> None:
    one = task()
    claim(one, Stage.ANONYMIZE, None, "a", NOW)
    assert list(transitions.due_for_sweep(one, NOW + 30)) == []
    assert list(transitions.due_for_sweep(one, LATER)) == [None]
    assert one.work.status is Status.WAITING


def test_a_stopped_task_is_never_swept() -> None:
    one = task()
    transitions.stop(one, Outcome.FAILED, Reason(code="blob-missing"), NOW, "a")
    assert one.sweep_at is None
    assert list(transitions.due_for_sweep(one, NOW + 1e6)) == []


def test_deliveries_are_claimed_and_swept_each_by_itself() -> None:
    one = task(Stage.DELIVER, deliveries=[delivery("near"), delivery("far")])
    assert claim(one, Stage.DELIVER, "near", "a", NOW)
    assert claim(one, Stage.DELIVER, "far", "b", NOW)
    transitions.finish_delivery(one, one.delivery("near"), NOW)
    assert one.work.status is not Status.DONE
    assert list(transitions.due_for_sweep(one, LATER)) == ["far"]


def test_task_ends_with_its_last_delivery() -> None:
    one = task(Stage.DELIVER, deliveries=[delivery("near"), delivery("far")])
    transitions.finish_delivery(one, one.delivery("near"), NOW)
    transitions.finish_delivery(one, one.delivery("far"), NOW)
    assert one.work.status is Status.DONE
    assert one.outcome is None


def test_a_parked_delivery_fails_the_task_only_when_the_others_have_ended() -> None:
    one = task(Stage.DELIVER, deliveries=[delivery("near"), delivery("far")])
    transitions.stop_delivery(one, one.delivery("far"), Outcome.FAILED, Reason(code="blob-missing"), NOW)
    assert one.work.status is Status.WAITING
    transitions.finish_delivery(one, one.delivery("near"), NOW)
    assert (one.work.status, one.outcome) == (Status.STOPPED, Outcome.FAILED)
    assert one.work.reason == Reason(code="deliveries-parked", params={"parked": 1, "total": 2})


def test_a_resend_waits_for_the_running_delivery_to_the_same_place() -> None:
    one = task(Stage.DELIVER, deliveries=[delivery("first"), delivery("second", after="first")])
    assert claim(one, Stage.DELIVER, "second", "a", NOW) is None
    assert claim(one, Stage.DELIVER, "first", "a", NOW)
    transitions.finish_delivery(one, one.delivery("first"), NOW)
    assert claim(one, Stage.DELIVER, "second", "a", NOW)


def test_cancel_stops_everything_and_a_worker_loses_its_lease() -> None:
    one = task(Stage.DELIVER, deliveries=[delivery("near")])
    token = claim(one, Stage.DELIVER, "near", "a", NOW)
    transitions.cancel(one, NOW, "person")
    assert token
    assert not transitions.holds(one, Stage.DELIVER, "near", token)
    assert one.outcome is Outcome.CANCELLED
    with pytest.raises(Conflict):
        transitions.cancel(one, NOW, "person")


def test_retry_forgets_attempts_and_is_refused_while_the_task_runs() -> None:
    one = task()
    with pytest.raises(Conflict):
        transitions.retry(one, NOW, "person")
    claim(one, Stage.ANONYMIZE, None, "a", NOW)
    transitions.stop(one, Outcome.FAILED, Reason(code="blob-missing"), NOW, "a")
    transitions.retry(one, NOW + 5, "person")
    assert (one.work.status, one.work.attempts, one.outcome) == (Status.WAITING, 0, None)


def test_a_worker_that_dies_each_time_is_found_out_by_the_sweeper_too() -> None:
    one = task()
    now = NOW
    for owner in "abcdef":
        assert claim(one, Stage.ANONYMIZE, None, owner, now)
        now += transitions.LEASE_SECONDS + 1
        assert list(transitions.due_for_sweep(one, now)) == [None]
    assert one.work.reason == Reason(code="lease-lost")
    assert attempts.used_up(one.work.attempts, one.work.reason.code)

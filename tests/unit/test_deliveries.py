"""Opening deliveries and sending again."""

from __future__ import annotations

import pytest

from petfectior import deliveries
from petfectior.errors import Conflict
from petfectior.reasons import Reason
from petfectior.task import Delivery, Destination, Output, Source, Task
from petfectior.transitions import claim, finish_delivery, stop_delivery
from petfectior.work import Outcome, Stage, Status

NOW = 1000.0
WS = Destination(name="WS", ae_title="WS", address="10.0.0.1", port=104)
PACS = Destination(name="PACS", ae_title="PACS", address="10.0.0.2", port=104)


def built(*destinations: Destination) -> Task:
    task = Task(
        created_at=NOW,
        updated_at=NOW,
        frozen_at=NOW,
        stage=Stage.DELIVER,
        source=Source(calling_ae_title="PET", called_ae_title="P", address="10.0.0.1"),
        series_key="k",
        destinations=list(destinations),
        outputs=[Output(id="a", series_uid="1", count=3), Output(id="b", series_uid="2", count=4)],
    )
    deliveries.open_deliveries(task, NOW)
    return task


def running(task: Task, delivery: Delivery) -> bool:
    return claim(task, Stage.DELIVER, delivery.id, "worker", NOW, token=delivery.id)


def test_each_destination_gets_one_delivery_of_all_outputs() -> None:
    task = built(WS, PACS)
    assert [(one.destination, one.total) for one in task.deliveries] == [(WS, 7), (PACS, 7)]
    assert len({one.id for one in task.deliveries}) == 2
    assert all(running(task, one) for one in task.deliveries)


def test_resent_series_waits_for_the_running_delivery() -> None:
    task = built(WS, PACS)
    again = deliveries.resend(task, WS, NOW)
    assert again.after == task.deliveries[0].id
    assert not running(task, again)
    assert running(task, task.deliveries[0])
    finish_delivery(task, task.deliveries[0], NOW)
    assert running(task, again)


def test_third_delivery_waits_for_the_second() -> None:
    task = built(WS)
    second = deliveries.resend(task, WS, NOW)
    third = deliveries.resend(task, WS, NOW)
    assert third.after == second.id


def test_ended_task_is_taken_up_again() -> None:
    task = built(WS)
    stop_delivery(task, task.deliveries[0], Outcome.FAILED, Reason(code="instance-refused"), NOW)
    assert task.status is Status.STOPPED
    again = deliveries.resend(task, WS, NOW, "person")
    assert again.after is None
    assert (task.status, task.outcome) == (Status.WAITING, None)
    assert task.history[-1].reason.code == "resent-by-person"
    assert running(task, again)
    finish_delivery(task, again, NOW)
    assert task.status is Status.DONE


def test_series_may_be_sent_to_a_device_that_had_none() -> None:
    task = built(WS)
    again = deliveries.resend(task, PACS, NOW)
    assert again.destination == PACS
    assert again.after is None


def test_nothing_is_sent_before_it_is_built() -> None:
    task = built(WS)
    task.stage = Stage.PROCESS
    with pytest.raises(Conflict, match="task-not-built-yet"):
        deliveries.resend(task, WS, NOW)

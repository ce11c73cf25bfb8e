from __future__ import annotations

from petfectior.events import EventKey
from petfectior.topology import QUEUES, WAKES, queue_of, wakes
from petfectior.work import Stage, Status, Work
from tests.unit.core.documents import delivery, task


def test_every_event_goes_to_exactly_one_queue() -> None:
    for key in EventKey:
        assert sum(key in keys for keys in QUEUES.values()) == 1
        assert key in QUEUES[queue_of(key)]


def test_every_stage_past_receive_is_woken_by_its_event() -> None:
    assert set(WAKES) == set(Stage) - {Stage.RECEIVE}
    assert [event.key for event in wakes(task(Stage.UPLOAD))] == [EventKey.PACKAGE_CREATED]


def test_each_waiting_delivery_has_an_event_of_its_own() -> None:
    done = delivery("done", work=Work(status=Status.DONE))
    events = wakes(task(Stage.DELIVER, deliveries=[delivery("a"), done, delivery("b")]))
    assert [event.delivery_id for event in events] == ["a", "b"]


def test_a_settled_task_wakes_nobody() -> None:
    assert wakes(task(Stage.UPLOAD, work=Work(status=Status.STOPPED))) == []

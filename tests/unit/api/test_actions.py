"""What a person may do to a task."""

from __future__ import annotations

import time

import pytest

from petfectior import actions, transitions
from petfectior.devices import Device, add
from petfectior.errors import Conflict, NotFound
from petfectior.events import EventKey
from petfectior.service import Ports
from petfectior.topology import wake
from petfectior.work import Outcome, Stage, Status
from tests.unit.api.gateway import arriving, delivered, delivering, failed, incomplete, packaged


def received_keys(ports: Ports, queue: str) -> list[EventKey]:
    keys = []
    with ports.bus.subscribe(queue, 10) as subscription:
        while (one := subscription.receive(0.2)) is not None:
            keys.append(one.event.key)
            one.ack()
    return keys


def test_retry_takes_up_the_stopped_stage_and_wakes_its_worker(ports: Ports) -> None:
    task = ports.tasks.insert(failed(arriving()))
    retried = actions.retry(ports.tasks, ports.bus, task.id, "person")
    assert (retried.stage, retried.status, retried.outcome) == (Stage.UPLOAD, Status.WAITING, None)
    assert retried.history[-1].reason.code == "retried-by-person"
    assert received_keys(ports, "transfer") == [EventKey.PACKAGE_CREATED]


def test_retry_of_a_running_task_is_a_conflict_and_changes_nothing(ports: Ports) -> None:
    task = ports.tasks.insert(arriving())
    with pytest.raises(Conflict, match="task-not-stopped"):
        actions.retry(ports.tasks, ports.bus, task.id, "person")
    assert ports.tasks.get(task.id).revision == task.revision


def park_event(ports: Ports, task_id: str) -> str:
    ports.bus.publish(wake(ports.tasks.get(task_id)))
    with ports.bus.subscribe("transfer", 1) as subscription:
        event = subscription.receive(60)
        assert event is not None
        event.dead_letter("attempts-used-up")
    return ports.bus.dead_letters("transfer")[0].id


def test_replaying_a_dead_letter_retries_its_task_and_takes_the_letter_back(ports: Ports) -> None:
    task = ports.tasks.insert(failed(arriving()))
    letter = park_event(ports, task.id)
    replayed = actions.replay(ports.tasks, ports.bus, "transfer", letter, "person")
    assert replayed.status is Status.WAITING
    assert ports.bus.dead_letters("transfer") == []
    assert received_keys(ports, "transfer") == [EventKey.PACKAGE_CREATED]


def test_retrying_the_task_takes_its_dead_letters_back_too(ports: Ports) -> None:
    task = ports.tasks.insert(failed(arriving()))
    park_event(ports, task.id)
    actions.retry(ports.tasks, ports.bus, task.id, "person")
    assert ports.bus.dead_letters("transfer") == []


@pytest.mark.parametrize("queue", ["transfer", "no-such-queue"])
def test_an_unknown_dead_letter_is_not_found(ports: Ports, queue: str) -> None:
    with pytest.raises(NotFound, match="dead-letter-missing"):
        actions.replay(ports.tasks, ports.bus, queue, "nothing", "person")


def test_cancel_stops_the_task_and_its_running_deliveries(ports: Ports) -> None:
    task = ports.tasks.insert(delivering(arriving()))
    cancelled = actions.cancel(ports.tasks, task.id, "person")
    assert cancelled.outcome is Outcome.CANCELLED
    assert [one.outcome for one in cancelled.deliveries] == [Outcome.CANCELLED]


def test_a_task_that_ended_cannot_be_cancelled(ports: Ports) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    with pytest.raises(Conflict, match="task-has-ended"):
        actions.cancel(ports.tasks, task.id, "person")


def test_an_incomplete_series_goes_on_as_it_is(ports: Ports) -> None:
    task = ports.tasks.insert(incomplete(arriving()))
    going = actions.process_as_it_is(ports.tasks, ports.bus, task.id, "person")
    assert going.process_as_is
    assert (going.stage, going.status) == (Stage.RECEIVE, Status.WAITING)


def test_a_series_past_receive_cannot_be_processed_as_it_is(ports: Ports) -> None:
    task = ports.tasks.insert(packaged(ports, arriving()))
    with pytest.raises(Conflict, match="task-not-incomplete"):
        actions.process_as_it_is(ports.tasks, ports.bus, task.id, "person")


def test_resend_opens_another_delivery_to_the_device_as_it_is_now(ports: Ports) -> None:
    add(ports.registry, Device(name="Workstation", ae_title="WS", address="10.0.0.99", port=105))
    task = ports.tasks.insert(delivered(arriving()))
    resent = actions.resend(ports.tasks, ports.bus, ports.registry, task.id, "Workstation", "person")
    assert [one.destination.port for one in resent.deliveries] == [104, 105]
    assert resent.status is Status.WAITING
    assert received_keys(ports, "scu") == [EventKey.DELIVERY_REQUESTED]


def test_resend_to_a_removed_device_uses_the_destination_as_it_was(ports: Ports) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    resent = actions.resend(ports.tasks, ports.bus, ports.registry, task.id, "Workstation", "person")
    assert [one.destination.port for one in resent.deliveries] == [104, 104]


def test_resend_to_an_unknown_device_is_not_found(ports: Ports) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    with pytest.raises(NotFound, match="device-unknown"):
        actions.resend(ports.tasks, ports.bus, ports.registry, task.id, "Nowhere", "person")


def test_delete_removes_the_task_and_everything_under_its_keys(ports: Ports) -> None:
    task = packaged(ports, arriving())
    ports.blobs.put(f"{task.id}/upload/stale/leftover", [b"of a worker that died"])
    transitions.cancel(task, time.time(), "person")
    ports.tasks.insert(task)
    actions.delete(ports.tasks, ports.blobs, task.id)
    assert list(ports.blobs.list()) == []
    with pytest.raises(NotFound):
        ports.tasks.get(task.id)


def test_delete_keeps_parts_that_a_later_task_of_the_series_begins_with(ports: Ports) -> None:
    first = packaged(ports, arriving())
    transitions.cancel(first, time.time(), "person")
    ports.tasks.insert(first)
    assert first.package is not None
    later = arriving(continues=first.id)
    later.result = [first.package.blob]
    ports.tasks.insert(later)
    actions.delete(ports.tasks, ports.blobs, first.id)
    assert [info.key for info in ports.blobs.list()] == [first.package.blob.key]


def test_a_running_task_is_not_deleted(ports: Ports) -> None:
    task = ports.tasks.insert(arriving())
    with pytest.raises(Conflict, match="task-still-runs"):
        actions.delete(ports.tasks, ports.blobs, task.id)
    assert ports.tasks.get(task.id) == task

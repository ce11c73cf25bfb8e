"""Instances of a series that had already left receive."""

from __future__ import annotations

from collections.abc import Callable

from pydicom import Dataset

from petfectior import ledger, transitions
from petfectior.task import Job, Task
from petfectior.work import Stage, Status
from tests.integration.scp.conftest import House, Node, until

Maker = Callable[..., list[Dataset]]


def test_late_copies_are_noted_on_the_task_and_open_none(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    node.send(sent)
    house.gathered()
    node.send(sent[:2])
    task = house.task(lambda one: bool(one.notes))
    assert task.notes[0].reason.code == "late-copies"
    until(lambda: len(house.tasks()) == 1)
    assert task.stage is Stage.ANONYMIZE


def test_whole_series_again_is_processed_again(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    node.send(sent)
    first = house.gathered()
    node.send(sent)
    again = house.task(lambda one: one.stage is Stage.ANONYMIZE and one.id != first.id)
    assert (again.continues, again.received) == (first.id, 6)


def test_new_instances_reopen_a_task_that_uploaded_nothing(node: Node, house: House, series: Maker) -> None:
    sent = series(8, announced=None)
    node.send(sent[:6])
    first = house.gathered()
    node.send(sent[6:])
    task = house.task(lambda one: one.stage is Stage.ANONYMIZE and one.received == 8)
    assert task.id == first.id
    assert [note.reason.code for note in task.notes] == ["late-instances"]
    until(lambda: len(house.tasks()) == 1)
    named = {blob.key for blob in task.blobs()}
    assert {one.key for one in house.ports.blobs.list()} == named


def test_new_instances_after_the_upload_open_a_task_with_the_whole_series(
    node: Node, house: House, series: Maker
) -> None:
    sent = series(8, announced=None)
    node.send(sent[:6])
    first = house.gathered()

    def upload(task: Task) -> None:
        task.jobs.append(Job(id="j", nonce="n", created_at=1.0))
        transitions.enter(task, Stage.PROCESS, 1.0, "test")

    ledger.change(house.ports.tasks, first.id, upload)
    node.send(sent[6:])
    task = house.task(lambda one: one.stage is Stage.ANONYMIZE)
    assert task.id != first.id
    assert (task.received, task.continues, len(task.parts)) == (8, first.id, 2)
    assert house.ports.tasks.get(first.id).status is Status.WAITING

"""What a person may do to a task; the REST API and the command line use the same functions.

Each commits one transition and then publishes what wakes the stage. A lost publish is found by the sweeper.
"""

from __future__ import annotations

import contextlib
import time

from petfectior import deliveries, devices, ledger, transitions
from petfectior.errors import Conflict, NotFound
from petfectior.ports import BlobStore, EventBus, Registry, TaskQuery, TaskStore
from petfectior.task import Task
from petfectior.topology import QUEUES, wakes
from petfectior.work import Outcome, Stage, Status

DEAD_LETTERS_READ = 1000


def retry(tasks: TaskStore, bus: EventBus, task_id: str, who: str) -> Task:
    """Take up the stopped stage again; its dead letters are taken back, for replaying one is this act.

    Raises
    ------
    NotFound
        If there is no such task.
    Conflict
        If the task is not stopped.
    """
    task = ledger.change(tasks, task_id, lambda task: transitions.retry(task, time.time(), who))
    _take_dead_letters(bus, task_id)
    return _wake(bus, task)


def replay(tasks: TaskStore, bus: EventBus, queue: str, dead_letter_id: str, who: str) -> Task:
    """Retry the task of a dead letter.

    Raises
    ------
    NotFound
        If there is no such dead letter, or its task was deleted.
    Conflict
        If the task is not stopped.
    """
    if queue not in QUEUES:
        raise NotFound("dead-letter-missing")
    for letter in bus.dead_letters(queue, DEAD_LETTERS_READ):
        if letter.id == dead_letter_id:
            return retry(tasks, bus, letter.event.task_id, who)
    raise NotFound("dead-letter-missing")


def discard(bus: EventBus, queue: str, dead_letter_id: str) -> None:
    """Drop a dead letter; its task stays stopped. Raises `NotFound` if there is none."""
    if queue not in QUEUES:
        raise NotFound("dead-letter-missing")
    bus.take_dead_letter(queue, dead_letter_id)


def cancel(tasks: TaskStore, task_id: str, who: str) -> Task:
    """Stop a task; its workers learn of it at their next renewal. Raises `NotFound` or `Conflict`."""
    return ledger.change(tasks, task_id, lambda task: transitions.cancel(task, time.time(), who))


def process_as_it_is(tasks: TaskStore, bus: EventBus, task_id: str, who: str) -> Task:
    """Accept an incomplete series: it goes on with the images that are there.

    Raises
    ------
    NotFound
        If there is no such task.
    Conflict
        If the task is past receive, or ended otherwise than rejected.
    """

    def alter(task: Task) -> None:
        if not may_process_as_it_is(task):
            raise Conflict("task-not-incomplete")
        task.process_as_is = True
        if task.status is Status.STOPPED:
            transitions.retry(task, time.time(), who)

    return _wake(bus, ledger.change(tasks, task_id, alter))


def may_process_as_it_is(task: Task) -> bool:
    """Tell whether the task waits for images, or was rejected for want of them."""
    if task.stage is not Stage.RECEIVE or task.received == 0:
        return False
    return task.status is Status.WAITING or task.outcome is Outcome.REJECTED


def resend(  # noqa: PLR0917 - ports, then what is asked
    tasks: TaskStore, bus: EventBus, registry: Registry, task_id: str, destination: str, who: str
) -> Task:
    """Send all outputs to a device once more, or to one that had none.

    Parameters
    ----------
    destination
        Name of a device as it is now; or of a destination of the task whose device was removed.

    Raises
    ------
    NotFound
        If there is no such task or device.
    Conflict
        If nothing was rebuilt yet.
    """
    known = {device.name: device.as_destination() for device in devices.all_devices(registry)}

    def alter(task: Task) -> None:
        own = {one.destination.name: one.destination for one in task.deliveries}
        if destination not in own | known:
            raise NotFound("device-unknown")
        deliveries.resend(task, (own | known)[destination], time.time(), who)

    return _wake(bus, ledger.change(tasks, task_id, alter))


def delete(tasks: TaskStore, blobs: BlobStore, task_id: str) -> None:
    """Remove an ended task and its blobs. What the server holds of it stays owed an erasure.

    Raises
    ------
    NotFound
        If there is no such task.
    Conflict
        If the task still runs, or changed meanwhile.
    """
    task = tasks.get(task_id)
    if task.status not in {Status.DONE, Status.STOPPED}:
        raise Conflict("task-still-runs")
    tasks.delete(task_id, task.revision)
    kept = _blobs_of_others(tasks, task)
    for info in list(blobs.list(f"{task_id}/")):
        if info.key not in kept:
            blobs.delete(info.key)
    for blob in task.blobs():
        if blob.key not in kept:
            blobs.delete(blob.key)


def _blobs_of_others(tasks: TaskStore, task: Task) -> set[str]:
    """Return the keys that later tasks of the same series name: they begin with its stored parts."""
    others = tasks.find(TaskQuery(series_key=task.series_key, limit=1000))
    return {blob.key for other in others for blob in other.blobs()}


def _take_dead_letters(bus: EventBus, task_id: str) -> None:
    for queue in QUEUES:
        for letter in bus.dead_letters(queue, DEAD_LETTERS_READ):
            if letter.event.task_id == task_id:
                with contextlib.suppress(NotFound):
                    bus.take_dead_letter(queue, letter.id)


def _wake(bus: EventBus, task: Task) -> Task:
    for event in wakes(task):
        bus.publish(event)
    return task

"""The worker over the real embedded adapters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from petfectior import ledger, transitions
from petfectior.adapters.sqlite_bus import SqliteEventBus
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.errors import Busy, Permanent, Rejected, Transient
from petfectior.events import Event, EventKey
from petfectior.handling import Advance, Again, Claim, Finish, Handler, LeaseLost
from petfectior.reasons import Reason
from petfectior.sweeper import Sweeper
from petfectior.task import Task
from petfectior.topology import wakes
from petfectior.work import Outcome, Stage, Status
from petfectior.worker import Worker
from tests.unit.core.documents import NOW, delivery, task


class PausingStore(SqliteTaskStore):
    """The store, with something that happens right after its next commit, before the writer goes on."""

    at_the_next_commit: Callable[[], None] | None = None

    def replace(self, task: Task) -> Task:
        saved = super().replace(task)
        happening, self.at_the_next_commit = self.at_the_next_commit, None
        if happening is not None:
            happening()
        return saved


class Bench:
    """A bus, a store and a worker whose handler the test gives."""

    def __init__(self, folder: Path) -> None:
        self.bus = SqliteEventBus(folder / "bus")
        self.tasks = SqliteTaskStore(folder / "store")

    def worker(self, queue: str, handlers: dict[EventKey, Handler], owner: str = "r-0") -> Worker:
        return Worker(queue, handlers, bus=self.bus, tasks=self.tasks, owner=owner, threads=2)

    def anonymizer(self, handler: Handler) -> Worker:
        return self.worker("anonymizer", {EventKey.SERIES_RECEIVED: handler})

    def add(self, document: Task) -> Task:
        saved = self.tasks.insert(document)
        self.publish(saved)
        return saved

    def publish(self, document: Task) -> None:
        for event in wakes(document):
            self.bus.publish(event)

    def until(self, worker: Worker, condition: Callable[[], bool]) -> None:
        """Run the worker until the condition holds, then stop it."""
        stop = threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        stop.set()
        thread.join()
        assert condition()

    def is_(self, task_id: str, status: Status, stage: Stage = Stage.ANONYMIZE) -> Callable[[], bool]:
        def check() -> bool:
            now = self.tasks.get(task_id)
            return (now.stage, now.work.status) == (stage, status)

        return check

    def settled(self, queue: str) -> Callable[[], bool]:
        def check() -> bool:
            depth = self.bus.depth(queue)
            return depth.ready + depth.unsettled + depth.delayed == 0

        return check


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path)
    yield one
    one.bus.close()
    one.tasks.close()


def test_an_answer_is_saved_then_the_next_stage_is_woken(bench: Bench) -> None:
    one = bench.add(task())

    def change(document: Task) -> None:
        document.expected = 47

    worker = bench.anonymizer(lambda _claim: Advance(Stage.UPLOAD, change))
    bench.until(worker, bench.is_(one.id, Status.WAITING, Stage.UPLOAD))
    assert bench.tasks.get(one.id).expected == 47
    with bench.bus.subscribe("transfer", 1) as subscription:
        delivered = subscription.receive(60)
        assert delivered is not None
        assert delivered.event.task_id == one.id
        delivered.ack()


def test_a_transient_error_waits_and_is_tried_again(bench: Bench) -> None:
    one = bench.add(task())
    calls: list[int] = []

    def handler(claim: Claim) -> Advance:
        calls.append(claim.task.work.attempts)
        if len(calls) < 3:
            raise Transient("store-unavailable", retry_after=0.05)
        return Advance(Stage.UPLOAD)

    bench.until(bench.anonymizer(handler), bench.is_(one.id, Status.WAITING, Stage.UPLOAD))
    assert calls == [1, 2, 3]


def test_waiting_for_a_slot_counts_no_attempt(bench: Bench) -> None:
    one = bench.add(task())
    calls: list[int] = []

    def handler(claim: Claim) -> Advance:
        calls.append(claim.task.work.attempts)
        if len(calls) < 4:
            raise Busy("store-unavailable", retry_after=0.02)
        return Advance(Stage.UPLOAD)

    bench.until(bench.anonymizer(handler), bench.is_(one.id, Status.WAITING, Stage.UPLOAD))
    assert calls == [1, 1, 1, 1]


def test_a_rejection_stops_the_task_with_its_reason_and_leaves_no_message(bench: Bench) -> None:
    one = bench.add(task())

    def handler(_claim: Claim) -> Advance:
        raise Rejected("blob-missing")

    bench.until(bench.anonymizer(handler), bench.is_(one.id, Status.STOPPED))
    assert bench.tasks.get(one.id).outcome is Outcome.REJECTED
    assert bench.tasks.get(one.id).work.reason == Reason(code="blob-missing")
    assert bench.settled("anonymizer")()


def test_poison_is_parked_with_a_dead_letter_while_its_neighbours_succeed(bench: Bench) -> None:
    sick = bench.add(task())
    well = [bench.add(task()) for _ in range(5)]

    def handler(claim: Claim) -> Advance:
        if claim.task.id == sick.id:
            raise ZeroDivisionError
        return Advance(Stage.UPLOAD)

    def crash_again() -> bool:
        """Hurry the pauses between attempts, as time would."""
        document = bench.tasks.get(sick.id)
        if document.work.status is Status.WAITING and document.work.due > time.time() + 0.1:
            ledger.change(bench.tasks, sick.id, lambda one: setattr(one.work, "due", 0.0))
            for event in wakes(document):
                bench.bus.publish(event)
        return bench.is_(sick.id, Status.STOPPED)()

    bench.until(bench.anonymizer(handler), crash_again)
    document = bench.tasks.get(sick.id)
    assert document.outcome is Outcome.FAILED
    assert document.work.attempts == 5
    assert [letter.event.task_id for letter in bench.bus.dead_letters("anonymizer")] == [sick.id]
    for one in well:
        assert bench.tasks.get(one.id).stage is Stage.UPLOAD


def test_a_turn_that_is_over_goes_on_later_without_counting_as_an_attempt(bench: Bench) -> None:
    one = bench.add(task())
    places: list[int] = []

    def handler(claim: Claim) -> Advance | Again:
        places.append(claim.task.received)
        if claim.task.received < 3:
            return Again(change=lambda document: setattr(document, "received", document.received + 1))
        return Advance(Stage.UPLOAD)

    bench.until(bench.anonymizer(handler), bench.is_(one.id, Status.WAITING, Stage.UPLOAD))
    assert places == [0, 1, 2, 3]


def test_waiting_for_news_holds_no_message(bench: Bench) -> None:
    one = bench.add(task(Stage.PROCESS))
    worker = bench.worker("transfer", {EventKey.JOB_SUBMITTED: lambda _claim: Again(60.0, wake=False)})
    bench.until(worker, bench.settled("transfer"))
    assert bench.is_(one.id, Status.WAITING, Stage.PROCESS)()


def test_cancelled_work_stops_at_its_next_check_and_changes_nothing(bench: Bench) -> None:
    one = bench.add(task())
    seen: list[str] = []

    def handler(claim: Claim) -> Advance:
        ledger.change(bench.tasks, claim.task.id, lambda it: transitions.cancel(it, time.time(), "person"))
        try:
            claim.renew()
        except LeaseLost:
            seen.append("lost")
            raise
        return Advance(Stage.UPLOAD)

    bench.until(bench.anonymizer(handler), lambda: bool(seen) and bench.settled("anonymizer")())
    assert bench.tasks.get(one.id).outcome is Outcome.CANCELLED


def test_one_parked_delivery_holds_up_no_other(bench: Bench) -> None:
    one = bench.add(task(Stage.DELIVER, deliveries=[delivery("sick"), delivery("well")]))

    def handler(claim: Claim) -> Finish:
        if claim.delivery_id == "sick":
            raise Permanent("blob-missing")
        return Finish()

    worker = bench.worker("scu", {EventKey.DELIVERY_REQUESTED: handler})
    bench.until(worker, bench.is_(one.id, Status.STOPPED, Stage.DELIVER))
    document = bench.tasks.get(one.id)
    assert document.delivery("well").work.status is Status.DONE
    assert document.delivery("sick").outcome is Outcome.FAILED


def test_a_resend_that_waited_is_woken_by_the_end_of_the_first(bench: Bench) -> None:
    one = bench.add(task(Stage.DELIVER, deliveries=[delivery("first"), delivery("second", after="first")]))
    order: list[str] = []

    def handler(claim: Claim) -> Finish:
        order.append(claim.delivery_id or "")
        return Finish()

    worker = bench.worker("scu", {EventKey.DELIVERY_REQUESTED: handler})
    bench.until(worker, bench.is_(one.id, Status.DONE, Stage.DELIVER))
    assert order == ["first", "second"]


def test_what_no_message_carries_the_sweeper_finds(bench: Bench) -> None:
    lost = bench.tasks.insert(task())
    sweeper = Sweeper("anonymizer", bus=bench.bus, tasks=bench.tasks)
    assert sweeper.sweep(NOW + 59) == 0
    assert sweeper.sweep(NOW + 61) == 1
    assert sweeper.sweep(NOW + 61) == 0
    worker = bench.anonymizer(lambda _claim: Advance(Stage.UPLOAD))
    bench.until(worker, bench.is_(lost.id, Status.WAITING, Stage.UPLOAD))


def test_an_event_for_a_deleted_task_is_dropped(bench: Bench) -> None:
    bench.bus.publish(Event(key=EventKey.SERIES_RECEIVED, task_id="gone"))
    bench.until(bench.anonymizer(lambda _claim: Advance(Stage.UPLOAD)), bench.settled("anonymizer"))


def test_a_lease_just_written_is_not_taken_by_a_neighbour_thread(bench: Bench, tmp_path: Path) -> None:
    """Between a lease's commit and its thread's next line, another thread must not think it a leftover."""
    tasks = PausingStore(tmp_path / "store")
    one = bench.add(task())
    bench.publish(one)
    handled: list[str] = []

    def handler(claim: Claim) -> Advance:
        handled.append(claim.task.id)
        return Advance(Stage.UPLOAD)

    worker = Worker(
        "anonymizer", {EventKey.SERIES_RECEIVED: handler}, bus=bench.bus, tasks=tasks, owner="r-0", threads=2
    )
    with bench.bus.subscribe("anonymizer", 2) as subscription:
        first, second = subscription.receive(60), subscription.receive(60)
        assert first is not None
        assert second is not None
        tasks.at_the_next_commit = lambda: worker.process(second)
        worker.process(first)
    tasks.close()
    assert handled == [one.id]
    assert bench.tasks.get(one.id).stage is Stage.UPLOAD

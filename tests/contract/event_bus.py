"""What every EventBus does."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from petfectior.errors import NotFound
from petfectior.events import EventKey
from petfectior.ports import EventBus, QueueDepth
from tests.contract.documents import an_event
from tests.contract.processes import Backend, eventually, running

QUEUE = "anonymizer"
LONG = 30.0
SHORT = 0.3


class EventBusContract(ABC):
    """Subclassed once per backend."""

    delay = 0.5
    """Seconds of the shortest delay that the backend keeps."""
    wake_bound = 0.05
    """Seconds from a publish to the consumer in another process, as the architecture asks."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Backend:
        """Return an empty backend."""

    @pytest.fixture
    def bus(self, backend: Backend) -> Iterator[EventBus]:
        bus = backend.open()
        yield bus
        bus.close()

    def test_an_event_reaches_the_queue_that_the_topology_names(self, bus: EventBus) -> None:
        event = an_event(key=EventKey.RESULT_DOWNLOADED)
        bus.publish(event)
        with bus.subscribe("rebuilder", 1) as mine, bus.subscribe(QUEUE, 1) as other:
            delivered = mine.receive(LONG)
            assert delivered is not None
            assert delivered.event == event
            assert other.receive(SHORT) is None
            delivered.ack()

    def test_events_come_in_the_order_of_their_publishing(self, bus: EventBus) -> None:
        events = [an_event() for _ in range(5)]
        for event in events:
            bus.publish(event)
        with bus.subscribe(QUEUE, 5) as subscription:
            delivered = [subscription.receive(LONG) for _ in events]
            assert [one.event for one in delivered if one] == events

    def test_an_acknowledged_event_is_gone(self, bus: EventBus) -> None:
        bus.publish(an_event())
        with bus.subscribe(QUEUE, 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            delivered.ack()
            assert subscription.receive(SHORT) is None
        eventually(lambda: bus.depth(QUEUE).ready + bus.depth(QUEUE).unsettled == 0)

    def test_an_event_waits_for_its_first_consumer(self, bus: EventBus, backend: Backend) -> None:
        event = an_event()
        bus.publish(event)
        bus.close()
        again = backend.open()
        with again.subscribe(QUEUE, 1) as subscription:
            assert subscription.receive(LONG).event == event
        again.close()

    def test_a_retried_event_comes_again_after_its_delay_and_not_before(self, bus: EventBus) -> None:
        bus.publish(an_event())
        with bus.subscribe(QUEUE, 1) as subscription:
            first = subscription.receive(LONG)
            assert first is not None
            began = time.monotonic()
            first.retry(self.delay)
            eventually(lambda: bus.depth(QUEUE).delayed == 1, self.delay)
            second = subscription.receive(LONG)
            assert second is not None
            assert second.event == first.event
            assert self.delay * 0.95 <= time.monotonic() - began < self.delay + 10
            second.ack()

    def test_a_delayed_event_holds_no_other_up(self, bus: EventBus) -> None:
        late, early = an_event(), an_event()
        bus.publish(late)
        with bus.subscribe(QUEUE, 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            delivered.retry(60)
            bus.publish(early)
            delivered = subscription.receive(LONG)
            assert delivered is not None
            assert delivered.event == early
            delivered.ack()

    def test_a_retry_without_delay_comes_again(self, bus: EventBus) -> None:
        event = an_event()
        bus.publish(event)
        with bus.subscribe(QUEUE, 1) as subscription:
            for _ in range(3):
                delivered = subscription.receive(LONG)
                assert delivered is not None
                assert delivered.event == event
                delivered.retry(0)

    def test_poison_is_parked_while_its_neighbours_succeed(self, bus: EventBus) -> None:
        events = [an_event() for _ in range(5)]
        for event in events:
            bus.publish(event)
        done = []
        with bus.subscribe(QUEUE, 5) as subscription:
            for _ in events:
                delivered = subscription.receive(LONG)
                assert delivered is not None
                if delivered.event == events[2]:
                    delivered.dead_letter("stage-crashed")
                else:
                    delivered.ack()
                    done.append(delivered.event)
        assert done == [event for event in events if event != events[2]]
        eventually(lambda: bus.depth(QUEUE).dead == 1)
        (letter,) = bus.dead_letters(QUEUE)
        assert (letter.event, letter.reason, letter.queue) == (events[2], "stage-crashed", QUEUE)
        assert abs(letter.parked_at - time.time()) < 60

    def test_a_dead_letter_is_taken_once_and_can_be_replayed(self, bus: EventBus) -> None:
        self._park(bus, 3)
        letters = bus.dead_letters(QUEUE)
        assert len(letters) == 3
        assert letters == bus.dead_letters(QUEUE)
        assert bus.dead_letters(QUEUE, limit=2) == letters[:2]
        taken = bus.take_dead_letter(QUEUE, letters[1].id)
        assert taken == letters[1]
        with pytest.raises(NotFound):
            bus.take_dead_letter(QUEUE, letters[1].id)
        assert bus.dead_letters(QUEUE) == [letters[0], letters[2]]
        bus.publish(taken.event)
        with bus.subscribe(QUEUE, 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            assert delivered.event == taken.event

    def test_no_more_than_prefetch_events_are_out(self, bus: EventBus) -> None:
        for _ in range(3):
            bus.publish(an_event())
        with bus.subscribe(QUEUE, 2) as subscription:
            first, second = subscription.receive(LONG), subscription.receive(LONG)
            assert first is not None
            assert second is not None
            assert subscription.receive(SHORT) is None
            first.ack()
            third = subscription.receive(LONG)
            assert third is not None

    def test_closing_hands_out_what_was_not_settled(self, bus: EventBus) -> None:
        event = an_event()
        bus.publish(event)
        with bus.subscribe(QUEUE, 1) as first:
            held = first.receive(LONG)
            assert held is not None
        assert not first.alive()
        with bus.subscribe(QUEUE, 1) as second:
            delivered = second.receive(LONG)
            assert delivered is not None
            assert delivered.event == event

    def test_a_stale_acknowledgement_changes_nothing(self, bus: EventBus) -> None:
        event = an_event()
        bus.publish(event)
        with bus.subscribe(QUEUE, 1) as first:
            held = first.receive(LONG)
            assert held is not None
        held.ack()
        held.retry(0)
        held.dead_letter("stage-crashed")
        with bus.subscribe(QUEUE, 1) as second:
            delivered = second.receive(LONG)
            assert delivered is not None
            assert delivered.event == event
            delivered.ack()
            assert second.receive(SHORT) is None
        assert bus.depth(QUEUE).dead == 0

    def test_what_a_killed_consumer_held_is_handed_out_at_once(self, bus: EventBus, backend: Backend) -> None:
        events = [an_event() for _ in range(3)]
        for event in events:
            bus.publish(event)
        came = []
        with running("hold", backend, QUEUE, 3) as holder:
            holder.says("full")
            with bus.subscribe(QUEUE, 3) as subscription:
                assert subscription.receive(SHORT) is None
                holder.kill()
                for _ in events:
                    delivered = subscription.receive(60)
                    assert delivered is not None
                    came.append(delivered.event.task_id)
                    delivered.ack()
        assert sorted(came) == sorted(event.task_id for event in events)

    def test_a_poison_that_kills_its_consumer_harms_no_neighbour(
        self, bus: EventBus, backend: Backend
    ) -> None:
        events = [an_event() for _ in range(6)]
        for event in events:
            bus.publish(event)
        poison = events[1].task_id
        came = set()
        for _ in range(3):
            with running("die_of", backend, QUEUE, 4, poison) as victim:
                came |= {line.removeprefix("ate ").strip() for line in victim.output if "ate " in line}
                assert victim.process.wait() == 9
        with bus.subscribe(QUEUE, 1) as subscription:
            while len(came) < len(events) and (delivered := subscription.receive(60)) is not None:
                came.add(delivered.event.task_id)
                delivered.ack()
        assert came == {event.task_id for event in events}
        assert bus.depth(QUEUE).dead == 0

    def test_many_consumers_settle_each_event_once(self, bus: EventBus, backend: Backend) -> None:
        events = [an_event() for _ in range(60)]
        with ExitStack() as stack:
            eaters = [stack.enter_context(running("consume", backend, QUEUE, 2, 10)) for _ in range(4)]
            for eater in eaters:
                eater.says("ready")
            for event in events:
                bus.publish(event)
            said = [line.split() for eater in eaters for line in eater.finish().splitlines()]
        assert Counter(words[1] for words in said) == Counter(event.task_id for event in events)

    def test_threads_of_one_subscription_share_the_events(self, bus: EventBus) -> None:
        events = [an_event() for _ in range(40)]
        came: list[str] = []
        with bus.subscribe(QUEUE, 4) as subscription:

            def work() -> None:
                patience = time.monotonic() + 60
                while len(came) < len(events) and time.monotonic() < patience:
                    if (delivered := subscription.receive(1)) is not None:
                        came.append(delivered.event.task_id)
                        delivered.ack()

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for event in events:
                bus.publish(event)
            for thread in threads:
                thread.join()
        assert Counter(came) == Counter(event.task_id for event in events)

    def test_a_publish_wakes_a_waiting_consumer_in_another_process(
        self, bus: EventBus, backend: Backend
    ) -> None:
        waits = []
        with running("time_wake", backend, QUEUE, 9) as waiter:
            waiter.says("ready")
            for _ in range(9):
                began = time.time()
                bus.publish(an_event())
                waits.append(float(waiter.says("woke")) - began)
        # The median, since the machine may be busy with something else for one of them.
        assert sorted(waits)[len(waits) // 2] < self.wake_bound

    def test_a_publish_wakes_a_waiting_thread_of_the_same_process(self, bus: EventBus) -> None:
        with bus.subscribe(QUEUE, 1) as subscription:
            threading.Timer(0.1, lambda: bus.publish(an_event())).start()
            began = time.monotonic()
            assert subscription.receive(LONG) is not None
            assert time.monotonic() - began < 5

    def test_depth_counts_what_is_ready_out_delayed_and_parked(self, bus: EventBus) -> None:
        self._park(bus, 1)
        began = time.time()
        for _ in range(4):
            bus.publish(an_event())
        eventually(lambda: bus.depth(QUEUE).ready == 4)
        oldest = bus.depth(QUEUE).oldest
        assert oldest is None or began - 1 <= oldest <= time.time()
        with bus.subscribe(QUEUE, 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            delivered.retry(60)
            assert subscription.receive(LONG) is not None
            eventually(
                lambda: (
                    bus.depth(QUEUE).model_copy(update={"oldest": None})
                    == QueueDepth(ready=2, delayed=1, unsettled=1, dead=1)
                )
            )

    def test_a_subscription_is_alive_until_closed(self, bus: EventBus) -> None:
        with bus.subscribe(QUEUE, 1) as subscription:
            subscription.receive(SHORT)
            assert subscription.alive()
        assert not subscription.alive()

    def _park(self, bus: EventBus, count: int) -> None:
        with bus.subscribe(QUEUE, 1) as subscription:
            for _ in range(count):
                bus.publish(an_event())
                delivered = subscription.receive(LONG)
                assert delivered is not None
                delivered.dead_letter("stage-crashed")
        eventually(lambda: bus.depth(QUEUE).dead == count)

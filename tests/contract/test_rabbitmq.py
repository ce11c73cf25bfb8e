"""The EventBus on RabbitMQ keeps the contract, and outlives its broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from petfectior import topology
from petfectior.adapters import rabbitmq_topology
from petfectior.adapters.rabbitmq import RabbitEventBus
from petfectior.errors import Transient
from petfectior.ports import Subscription
from tests.contract.documents import an_event
from tests.contract.event_bus import LONG, QUEUE, SHORT, EventBusContract
from tests.contract.processes import Backend, eventually
from tests.servers.fixtures import serving
from tests.servers.rabbitmq import RabbitMQ

pytestmark = pytest.mark.integration


def empty(url: str) -> None:
    """Declare all queues and drop what they hold."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    rabbitmq_topology.declare(channel)
    for queue in topology.QUEUES:
        names = [queue, rabbitmq_topology.dead_queue(queue), *rabbitmq_topology.delay_queues(queue)]
        for name in names:
            channel.queue_purge(name)
    connection.close()


def publish_raw(url: str, body: bytes) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    connection.channel().basic_publish("", QUEUE, body)
    connection.close()


class TestRabbitEventBus(EventBusContract):
    delay = 1.0

    @pytest.fixture
    def backend(self, rabbitmq_url: str) -> Iterator[Backend]:
        empty(rabbitmq_url)
        yield Backend("petfectior.adapters.rabbitmq:RabbitEventBus", rabbitmq_url)
        empty(rabbitmq_url)

    def test_a_message_of_an_unknown_version_is_parked_and_holds_nobody_up(
        self, bus: RabbitEventBus, backend: Backend
    ) -> None:
        event = an_event()
        publish_raw(backend.address, b'{"version": 2}')
        bus.publish(event)
        with bus.subscribe(QUEUE, 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            assert delivered.event == event
            delivered.ack()
            eventually(lambda: bus.depth(QUEUE).dead == 1)
        assert bus.dead_letters(QUEUE) == []

    def test_a_message_that_hits_the_delivery_limit_is_a_dead_letter(
        self, bus: RabbitEventBus, backend: Backend
    ) -> None:
        event = an_event()
        bus.publish(event)
        connection = pika.BlockingConnection(pika.URLParameters(backend.address))
        channel = connection.channel()
        for _ in range(rabbitmq_topology.DELIVERY_LIMIT + 1):
            tags = []
            eventually(lambda tags=tags: tags.append(channel.basic_get(QUEUE)[0]) or tags[-1] is not None)
            channel.basic_nack(tags[-1].delivery_tag)
        eventually(lambda: bus.depth(QUEUE).dead == 1)
        connection.close()
        (letter,) = bus.dead_letters(QUEUE)
        assert (letter.event, letter.reason) == (event, "delivery-limit")
        assert letter.parked_at > 0

    def test_listing_dead_letters_more_often_than_the_limit_loses_none(self, bus: RabbitEventBus) -> None:
        self._park(bus, 1)
        for _ in range(rabbitmq_topology.DELIVERY_LIMIT + 5):
            eventually(lambda: len(bus.dead_letters(QUEUE)) == 1)

    def test_a_cancelled_consumer_subscribes_again(self, bus: RabbitEventBus, backend: Backend) -> None:
        with bus.subscribe(QUEUE, 1) as subscription:
            eventually(lambda: consumers(backend.address) == 1)
            connection = pika.BlockingConnection(pika.URLParameters(backend.address))
            connection.channel().queue_delete(QUEUE)
            connection.close()
            eventually(lambda: consumers(backend.address) == 1)
            self._hands_out(bus, subscription)

    def test_a_consumer_whose_channel_was_closed_subscribes_again(self, bus: RabbitEventBus) -> None:
        with bus.subscribe(QUEUE, 1) as subscription:
            bus.publish(an_event())
            delivered = subscription.receive(LONG)
            assert delivered is not None
            delivered._session.ack(4711)  # no such delivery: the broker closes the channel
            eventually(lambda: not delivered._session.open)
            again = subscription.receive(LONG)
            assert again is not None
            assert again.event == delivered.event
            delivered.ack()
            again.ack()
            self._hands_out(bus, subscription)

    @staticmethod
    def _hands_out(bus: RabbitEventBus, subscription: Subscription) -> None:
        event = an_event()
        bus.publish(event)
        delivered = subscription.receive(LONG)
        assert delivered is not None
        assert delivered.event == event
        delivered.ack()
        assert subscription.alive()


def consumers(url: str) -> int:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        return int(connection.channel().queue_declare(QUEUE, passive=True).method.consumer_count)
    except ChannelClosedByBroker:
        return 0
    finally:
        connection.close()


def test_a_broker_that_never_was_is_unavailable() -> None:
    bus = RabbitEventBus("amqp://guest:guest@127.0.0.1:1/")
    with pytest.raises(Transient, match="broker-unavailable"):
        bus.publish(an_event())
    with bus.subscribe(QUEUE, 1) as subscription:
        assert subscription.receive(SHORT) is None
    bus.close()


@pytest.mark.parametrize(
    ("delay", "queue"),
    [
        (0.2, "scu.delay.1"),
        (1, "scu.delay.1"),
        (31, "scu.delay.60"),
        (3600, "scu.delay.3600"),
        (9e9, "scu.delay.3600"),
    ],
)
def test_a_delay_is_rounded_up_to_a_step(delay: float, queue: str) -> None:
    assert rabbitmq_topology.delay_queue("scu", delay) == queue


def test_a_bus_outlives_a_restart_of_its_broker(tmp_path: Path) -> None:
    with serving(RabbitMQ, tmp_path) as broker:
        bus = RabbitEventBus(broker.url)
        kept, held, late = an_event(), an_event(), an_event()
        with bus.subscribe(QUEUE, 1) as subscription:
            bus.publish(held)
            in_hand = subscription.receive(LONG)
            assert in_hand is not None
            bus.publish(kept)
            broker.stop()
            with pytest.raises(Transient, match="broker-unavailable"):
                bus.publish(late)
            in_hand.ack()
            broker.start()
            bus.publish(late)
            came = []
            for _ in range(3):
                delivered = subscription.receive(60)
                assert delivered is not None
                came.append(delivered.event)
                delivered.ack()
        bus.close()
    assert sorted(event.id for event in came) == sorted(event.id for event in (held, kept, late))

"""EventBus on RabbitMQ, 3.10 or later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pydantic import ValidationError

from petfectior.adapters.rabbitmq_consumer import RabbitConsumer
from petfectior.adapters.rabbitmq_publisher import RabbitPublisher
from petfectior.adapters.rabbitmq_topology import EXCHANGE, dead_queue, delay_queues
from petfectior.errors import NotFound
from petfectior.events import Event
from petfectior.ports import DeadLetter, QueueDepth


class RabbitEventBus:
    """Quorum queues on a broker. It connects when first used, and again whenever the broker went away.

    Parameters
    ----------
    url
        ``amqp://user:password@host/vhost``, or ``amqps`` for TLS.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._publisher = RabbitPublisher(url)
        self._consumers: list[RabbitConsumer] = []

    def publish(self, event: Event) -> None:
        """Store `event` in the queue that the topology names; confirmed when this returns.

        Raises
        ------
        Transient
            If the broker does not answer or refuses.
        """
        self._publisher.publish(EXCHANGE, event.key, event.model_dump_json().encode(), event.id)

    @contextmanager
    def subscribe(self, queue: str, prefetch: int) -> Iterator[RabbitConsumer]:
        """Consume `queue`; at most `prefetch` events are out unsettled at a time."""
        consumer = RabbitConsumer(self._url, self._publisher, queue, prefetch)
        self._consumers.append(consumer)
        try:
            yield consumer
        finally:
            self._consumers.remove(consumer)
            consumer.close()

    def depth(self, queue: str) -> QueueDepth:
        """Count what `queue` holds; of the unsettled, AMQP tells only this process's own."""
        names = [queue, dead_queue(queue), *delay_queues(queue)]
        ready, dead, *delayed = self._publisher.do(lambda channel: [_count(channel, name) for name in names])
        own = sum(consumer.unsettled for consumer in self._consumers if consumer.queue == queue)
        return QueueDepth(ready=ready, dead=dead, delayed=sum(delayed), unsettled=own)

    def dead_letters(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        """List parked events of `queue`, oldest first; those of an unknown version are left out."""
        found: list[DeadLetter] = []

        def look(_channel: BlockingChannel, _tag: int, letter: DeadLetter | None) -> bool:
            if letter is not None:
                found.append(letter)
            return len(found) < limit

        self._browse(queue, look)
        return sorted(found, key=lambda letter: letter.parked_at)

    def take_dead_letter(self, queue: str, dead_letter_id: str) -> DeadLetter:
        """Remove one parked event and return it. Raises `NotFound`."""
        found: list[DeadLetter] = []

        def take(channel: BlockingChannel, tag: int, letter: DeadLetter | None) -> bool:
            if letter is not None and letter.id == dead_letter_id:
                channel.basic_ack(tag)
                found.append(letter)
            return not found

        self._browse(queue, take)
        if not found:
            raise NotFound("dead-letter-missing")
        return found[0]

    def close(self) -> None:
        """Release connections."""
        self._publisher.close()

    def _browse(self, queue: str, see: Callable[[BlockingChannel, int, DeadLetter | None], bool]) -> None:
        """Show the dead letters to `see` until it has enough; all that it did not ack go back."""

        def browse(shared: BlockingChannel) -> None:
            channel = shared.connection.channel()
            try:
                going = True
                while going:
                    method, properties, body = channel.basic_get(dead_queue(queue))
                    if method is None:
                        return
                    going = see(channel, method.delivery_tag, _dead_letter(queue, properties, body))
            finally:
                channel.close()

        self._publisher.do(browse)


def _count(channel: BlockingChannel, name: str) -> int:
    return int(channel.queue_declare(name, passive=True).method.message_count)


def _dead_letter(queue: str, properties: Any, body: bytes) -> DeadLetter | None:  # noqa: ANN401 - pika's own
    """Read a dead letter, of ours or of the broker's delivery limit."""
    headers = properties.headers or {}
    died = (headers.get("x-death") or [{}])[0].get("time")
    parked_at = headers.get("parked_at") or (died.timestamp() if died else properties.timestamp or 0)
    try:
        event = Event.model_validate_json(body)
    except ValidationError:
        return None
    reason = headers.get("reason", "delivery-limit")
    return DeadLetter(id=event.id, queue=queue, event=event, reason=reason, parked_at=float(parked_at))

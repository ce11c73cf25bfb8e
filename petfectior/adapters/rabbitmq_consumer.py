"""A consumer of RabbitMQ: one thread talks to the broker, worker threads only see a local queue.

Handlers so never starve heartbeats. Whatever breaks, the thread connects and subscribes again; what was in
hand then is the broker's to hand out anew, and settling it does nothing.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import pika
import structlog
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ConnectionWrongStateError
from pydantic import ValidationError

from petfectior.adapters.rabbitmq_publisher import BROKEN, RabbitPublisher, parameters
from petfectior.adapters.rabbitmq_topology import dead_queue, declare, delay_queue
from petfectior.errors import Transient
from petfectior.events import Event

log = structlog.get_logger()
TURN_SECONDS: Final = 1.0
FIRST_BACK_OFF: Final = 0.25
LONGEST_BACK_OFF: Final = 15.0
ALIVE_SECONDS: Final = 300.0


class Session:
    """One subscription on one channel; tags are valid within it only."""

    def __init__(self, connection: pika.BlockingConnection, channel: BlockingChannel) -> None:
        self.connection = connection
        self.channel = channel
        self.cancelled = False

    @property
    def open(self) -> bool:
        """Tell whether the broker still hands out messages here."""
        return not self.cancelled and self.connection.is_open and self.channel.is_open

    def ack(self, tag: int) -> None:
        """Acknowledge, from any thread."""
        with contextlib.suppress(ConnectionWrongStateError):
            self.connection.add_callback_threadsafe(lambda: self._ack(tag))

    def _ack(self, tag: int) -> None:
        if self.channel.is_open:
            self.channel.basic_ack(tag)


class RabbitDelivered:
    """A message in hand. A settlement that comes too late changes nothing."""

    def __init__(
        self, consumer: RabbitConsumer, session: Session, tag: int, event: Event, body: bytes
    ) -> None:
        self.event = event
        self._consumer = consumer
        self._session = session
        self._tag = tag
        self._body = body
        self._settled = False

    def ack(self) -> None:
        """Drop the message."""
        self._settle(lambda: None)

    def retry(self, delay: float) -> None:
        """Store the message in a delay queue, then drop this one. Raises `Transient`."""
        name = self._consumer.queue
        target = delay_queue(name, delay) if delay > 0 else name
        self._settle(lambda: self._consumer.publisher.publish("", target, self._body, self.event.id))

    def dead_letter(self, reason: str) -> None:
        """Store the message among the dead letters, then drop this one. Raises `Transient`."""
        self._settle(lambda: self._consumer.park(self._body, self.event.id, reason))

    def _settle(self, store: Callable[[], None]) -> None:
        if self._settled or not self._session.open:
            log.warning("settlement.stale", queue=self._consumer.queue, task=self.event.task_id)
            return
        store()
        self._settled = True
        self._consumer.settled()
        self._session.ack(self._tag)


class RabbitConsumer:
    """Hands out the events of one queue, at most `prefetch` unsettled at a time."""

    def __init__(self, url: str, publisher: RabbitPublisher, name: str, prefetch: int) -> None:
        self.queue = name
        self.publisher = publisher
        self.unsettled = 0
        self._parameters = parameters(url)
        self._prefetch = prefetch
        self._arrived: queue.SimpleQueue[RabbitDelivered] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._consumed_at = time.monotonic()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name=f"rabbitmq-{name}", daemon=True)
        self._thread.start()

    def receive(self, timeout: float) -> RabbitDelivered | None:
        """Return the next event, or None after `timeout` seconds without one."""
        deadline = time.monotonic() + timeout
        while not self._stopped.is_set():
            try:
                delivered = self._arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if delivered._session.open:  # noqa: SLF001 - same module
                with self._guard:
                    self.unsettled += 1
                return delivered
        return None

    def alive(self) -> bool:
        """Tell whether the queue handed out events here within the last five minutes."""
        recent = time.monotonic() - self._consumed_at < ALIVE_SECONDS
        return self._thread.is_alive() and not self._stopped.is_set() and recent

    def close(self) -> None:
        """End the thread and its connection; the broker hands out again what was not settled."""
        self._stopped.set()
        session = self._session
        if session is not None:
            with contextlib.suppress(ConnectionWrongStateError):
                session.connection.add_callback_threadsafe(lambda: None)
        self._thread.join()

    def settled(self) -> None:
        """Count one event less in hand."""
        with self._guard:
            self.unsettled = max(0, self.unsettled - 1)

    def park(self, body: bytes, message_id: str, reason: str) -> None:
        """Store a message among the dead letters. Raises `Transient`."""
        headers = {"reason": reason, "parked_at": repr(time.time())}
        self.publisher.publish("", dead_queue(self.queue), body, message_id, headers)

    def _run(self) -> None:
        back_off = FIRST_BACK_OFF
        while not self._stopped.is_set():
            try:
                with contextlib.closing(pika.BlockingConnection(self._parameters)) as connection:
                    self._consume(connection)
                back_off = FIRST_BACK_OFF
            except BROKEN as error:
                log.warning("broker.lost", queue=self.queue, error=type(error).__name__, delay=back_off)
            with self._guard:
                self.unsettled = 0
            self._stopped.wait(back_off)
            back_off = min(2 * back_off, LONGEST_BACK_OFF)

    def _consume(self, connection: pika.BlockingConnection) -> None:
        channel = connection.channel()
        declare(channel)
        channel.basic_qos(prefetch_count=self._prefetch)
        session = Session(connection, channel)
        channel.add_on_cancel_callback(lambda _frame: setattr(session, "cancelled", True))
        channel.basic_consume(self.queue, lambda *message: self._arrive(session, *message))
        self._session = session
        while session.open and not self._stopped.is_set():
            connection.process_data_events(TURN_SECONDS)
            self._consumed_at = time.monotonic()
        session.cancelled = True
        if connection.is_open:
            connection.process_data_events(0)
        if not self._stopped.is_set():
            log.warning("consumer.cancelled", queue=self.queue)

    def _arrive(self, session: Session, _channel: object, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika's own
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            with contextlib.suppress(Transient):
                self.park(body, properties.message_id or "unnamed", "event-unknown")
                session.ack(method.delivery_tag)
            return
        self._arrived.put(RabbitDelivered(self, session, method.delivery_tag, event, body))

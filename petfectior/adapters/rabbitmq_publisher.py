"""One confirmed channel to RabbitMQ that many threads share."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelError

from petfectior.adapters import rabbitmq_topology
from petfectior.errors import Transient

T = TypeVar("T")
KEEP_ALIVE_SECONDS: Final = 5.0
BROKEN: Final = (AMQPError, ChannelError, OSError)


def parameters(url: str) -> pika.URLParameters:
    """Return what `url` says, with our own heartbeat and time-outs where it says nothing."""
    found = pika.URLParameters(url)
    if "heartbeat=" not in url:
        found.heartbeat = 30
    if "blocked_connection_timeout=" not in url:
        found.blocked_connection_timeout = 60
    return found


class RabbitPublisher:
    """A connection that is made when needed, kept alive by a thread, and made anew when it breaks."""

    def __init__(self, url: str) -> None:
        self._parameters = parameters(url)
        self._lock = threading.Lock()
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._stopped = threading.Event()
        self._keeper = threading.Thread(target=self._keep_alive, name="rabbitmq-keeper", daemon=True)
        self._keeper.start()

    def publish(
        self, exchange: str, key: str, body: bytes, message_id: str, headers: dict[str, Any] | None = None
    ) -> None:
        """Store a message durably; returns once the broker confirmed it.

        Raises
        ------
        Transient
            If the broker does not answer, refuses, or has no queue for it.
        """
        properties = pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,
            message_id=message_id,
            timestamp=int(time.time()),
            headers=headers,
        )
        self.do(lambda channel: channel.basic_publish(exchange, key, body, properties, mandatory=True))

    def do(self, act: Callable[[BlockingChannel], T]) -> T:
        """Run `act` on the channel, a second time on a new one if the first was broken."""
        with self._lock:
            fresh = self._channel is None
            try:
                return act(self._open())
            except BROKEN as error:
                self._drop()
                if fresh:
                    raise Transient("broker-unavailable") from error
            try:
                return act(self._open())
            except BROKEN as error:
                self._drop()
                raise Transient("broker-unavailable") from error

    def close(self) -> None:
        """End the thread and the connection."""
        self._stopped.set()
        self._keeper.join()
        with self._lock:
            self._drop()

    def _open(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            self._drop()
            self._connection = pika.BlockingConnection(self._parameters)
            self._channel = self._connection.channel()
            rabbitmq_topology.declare(self._channel)
            self._channel.confirm_delivery()
        return self._channel

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*BROKEN):
                connection.close()

    def _keep_alive(self) -> None:
        while not self._stopped.wait(KEEP_ALIVE_SECONDS):
            with self._lock:
                try:
                    if self._connection is not None:
                        self._connection.process_data_events(0)
                except BROKEN:
                    self._drop()

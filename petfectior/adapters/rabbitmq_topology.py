"""The broker's exchange and queues: declared by the program, the same on RabbitMQ 3.10 and 4.

One topic exchange; per service a work queue, a queue of dead letters, and one delay queue for each step
of `DELAYS`, which returns what expires to the work queue. All are quorum queues that dead-letter at least
once and refuse a publish rather than drop a message. Policies may change tunables only.
"""

from __future__ import annotations

from typing import Any, Final

from pika.adapters.blocking_connection import BlockingChannel

from petfectior import topology

EXCHANGE: Final = "petfectior"
DELAYS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds; a delay is rounded up to a step, so that no message comes before its task is due."""
DELIVERY_LIMIT: Final = 50
"""Backstop only: a consumer's crash counts against all that it had prefetched."""
_NEVER: Final = 1_000_000_000
_QUORUM: Final[dict[str, Any]] = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}


def delay_queue(queue: str, delay: float) -> str:
    """Return the queue in which a message of `queue` waits `delay` seconds, an hour at most."""
    step = next((step for step in DELAYS if step >= delay), DELAYS[-1])
    return f"{queue}.delay.{step}"


def delay_queues(queue: str) -> list[str]:
    """Return all delay queues of a service."""
    return [f"{queue}.delay.{step}" for step in DELAYS]


def dead_queue(queue: str) -> str:
    """Return the queue of the dead letters of `queue`."""
    return f"{queue}.dead"


def declare(channel: BlockingChannel) -> None:
    """Declare all that is missing on the broker."""
    channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True)
    for queue, keys in topology.QUEUES.items():
        # Listing dead letters returns them to their queue, which must never count as a failure.
        _declare_queue(channel, dead_queue(queue), {"x-delivery-limit": _NEVER})
        backstop = {"x-delivery-limit": DELIVERY_LIMIT}
        _declare_queue(channel, queue, {**backstop, **_dead_lettering("", dead_queue(queue))})
        for key in sorted(keys):
            channel.queue_bind(queue, EXCHANGE, routing_key=key)
        for step, name in zip(DELAYS, delay_queues(queue), strict=True):
            _declare_queue(channel, name, {"x-message-ttl": step * 1000, **_dead_lettering("", queue)})


def _dead_lettering(exchange: str, key: str) -> dict[str, Any]:
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-routing-key": key,
        "x-dead-letter-strategy": "at-least-once",
    }


def _declare_queue(channel: BlockingChannel, name: str, arguments: dict[str, Any]) -> None:
    channel.queue_declare(name, durable=True, arguments={**_QUORUM, **arguments})

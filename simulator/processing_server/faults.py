"""Faults on demand: what a test or a curious person tells the server to do wrong."""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field


class Fault(StrEnum):
    """What may go wrong."""

    DOWN = "down"
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - the name of a fault
    NO_LICENCE = "no-licence"
    NO_LICENCE_FOR_TRACER = "no-licence-for-tracer"
    NO_MODEL_FOR_SCANNER = "no-model-for-scanner"
    DROP_UPLOAD = "drop-upload"
    DROP_DOWNLOAD = "drop-download"
    LOSE_JOB = "lose-job"
    FAIL_JOB = "fail-job"
    FAIL_JOB_TRANSIENT = "fail-job-transient"
    WRONG_NONCE = "wrong-nonce"
    NAN = "nan"
    TRUNCATED = "truncated"
    WRONG_SHAPE = "wrong-shape"
    ACTIVITY_DRIFT = "activity-drift"
    BOMB = "bomb"
    SLOW = "slow"


class Order(BaseModel):
    """One fault, so many times.

    Parameters
    ----------
    times
        How often it happens before it mends itself; None for until it is taken back.
    after
        Bytes that pass before a connection drops.
    seconds
        Retry-After of a server that is down, or what a slow one adds to every job.
    """

    fault: Fault
    times: int | None = Field(default=None, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=1.0, ge=0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``fault[:times]`` from a command line."""
        name, _, times = text.partition(":")
        return cls(fault=Fault(name), times=int(times) if times else None)


class Faults:
    """The orders in force."""

    def __init__(self, orders: list[Order] | None = None) -> None:
        self.lock = threading.Lock()
        self.orders = {order.fault: order for order in orders or []}

    def put(self, order: Order) -> None:
        """Bring a fault into force."""
        with self.lock:
            self.orders[order.fault] = order

    def clear(self) -> None:
        """Mend everything."""
        with self.lock:
            self.orders.clear()

    def take(self, fault: Fault) -> Order | None:
        """Return the order if the fault happens now, and count it."""
        with self.lock:
            order = self.orders.get(fault)
            if order is None:
                return None
            left = None if order.times is None else order.times - 1
            if left == 0:
                del self.orders[fault]
            else:
                self.orders[fault] = order.model_copy(update={"times": left})
            return order

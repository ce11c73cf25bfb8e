"""Waiting for the server: a handler that meets one out of reach goes on later, and no attempt is counted."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec

from petfectior.errors import NotFound
from petfectior.handling import Again, Answer, Claim
from petfectior.ports import Registry
from services.transfer.failures import ServerUnavailable

MONITOR: Final = ("server-monitor", "server")
SHORTEST: Final = 2.0
LONGEST: Final = 300.0
Rest = ParamSpec("Rest")


def waits_for_server(
    handler: Callable[Concatenate[Claim, Registry, Rest], Answer],
) -> Callable[Concatenate[Claim, Registry, Rest], Answer]:
    """Answer `Again` with the cause when the handler meets `ServerUnavailable`."""

    @functools.wraps(handler)
    def waiting(claim: Claim, registry: Registry, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
        try:
            return handler(claim, registry, *rest, **named)
        except ServerUnavailable as error:
            delay = error.retry_after if error.retry_after is not None else patience(registry)
            return Again(delay=max(delay, SHORTEST), reason=error.reason)

    return waiting


def patience(registry: Registry) -> float:
    """Return half as long as the outage has lasted; the monitor wakes the task when it ends."""
    try:
        record = registry.get(*MONITOR)
    except NotFound:
        return SHORTEST
    since = record.value.get("since")
    if record.value.get("state") == "up" or not isinstance(since, int | float):
        return SHORTEST
    return min(max((time.time() - since) / 2, SHORTEST), LONGEST)

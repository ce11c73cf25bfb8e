"""How often signing in may fail: counted before the password is looked at, so that haste gains nothing."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.access import secrets
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.ports import Registry

KIND: Final = "sign-in-failures"
WINDOW: Final = 900.0
MOST: Final = {"both": 5, "user": 30, "address": 30}
"""Failures within a window: of one user from one address, of one user, from one address."""


class TooManyFailures(Transient):
    """Signing in failed too often; later it may be tried again."""


class _Failures(BaseModel):
    model_config = ConfigDict(frozen=True)

    since: float
    count: int


def count(registry: Registry, user: str | None, address: str) -> None:
    """Count an attempt as failed; `forgive` takes it back. Raises `TooManyFailures`.

    Parameters
    ----------
    user
        None where it is not known yet who tries: the address alone is counted.
    """
    now = time.time()
    waits = [_count(registry, key, most, now) for key, most in _keys(user, address)]
    if wait := max(waits):
        raise TooManyFailures("sign-in-throttled", retry_after=wait, minutes=max(1, round(wait / 60)))


def forgive(registry: Registry, user: str | None, address: str) -> None:
    """Take back an attempt that was none: the user has signed in from this address."""
    now = time.time()
    for key, _ in _keys(user, address):
        failures, revision = _read(registry, key, now)
        fewer = failures.model_copy(update={"count": max(0, failures.count - 1)})
        with contextlib.suppress(Conflict):  # another attempt is counted at this moment
            registry.put(KIND, key, fewer.model_dump(mode="json"), revision=revision)


def _keys(user: str | None, address: str) -> list[tuple[str, int]]:
    named = {"address": address}
    if user is not None:
        named |= {"both": f"{user} {address}", "user": user}
    return [(secrets.digest(f"{kind} {name}"), MOST[kind]) for kind, name in named.items()]


def _count(registry: Registry, key: str, most: int, now: float) -> float:
    """Return the seconds to wait, 0 if the attempt is among those that are allowed."""
    while True:
        failures, revision = _read(registry, key, now)
        if failures.count >= most:
            return failures.since + WINDOW - now
        more = failures.model_copy(update={"count": failures.count + 1})
        try:
            registry.put(KIND, key, more.model_dump(mode="json"), revision=revision)
        except Conflict:
            continue
        return 0.0


def _read(registry: Registry, key: str, now: float) -> tuple[_Failures, int]:
    try:
        record = registry.get(KIND, key)
    except NotFound:
        return _Failures(since=now, count=0), 0
    failures = _Failures.model_validate(record.value)
    fresh = failures if now < failures.since + WINDOW else _Failures(since=now, count=0)
    return fresh, record.revision

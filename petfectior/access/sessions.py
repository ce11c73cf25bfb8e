"""Sessions: opaque to the browser, kept in the Registry under the digest of the cookie."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.access import secrets
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Registry
from petfectior.settings import Settings

KIND: Final = "session"
NOTED_SECONDS: Final = 30.0
"""Activity is written down no more often than this."""


class Session(BaseModel):
    """Someone who signed in."""

    model_config = ConfigDict(frozen=True)

    user: str
    began: float
    active: float

    def over(self, limits: Settings, now: float) -> bool:
        """Tell whether the session has lasted, or was left alone, for too long."""
        idle = now - self.active > limits.session_idle_minutes * 60
        return idle or now - self.began > limits.session_hours * 3600


def open_session(registry: Registry, user: str, limits: Settings) -> str:
    """Begin a session; return the cookie's value. What is over meanwhile is removed."""
    now = time.time()
    for record in registry.list(KIND):
        if Session.model_validate(record.value).over(limits, now):
            registry.delete(KIND, record.key)
    cookie = secrets.fresh()
    session = Session(user=user, began=now, active=now)
    registry.put(KIND, secrets.digest(cookie), session.model_dump(mode="json"), revision=0)
    return cookie


def find(registry: Registry, cookie: str, limits: Settings, *, active: bool) -> tuple[str, Session] | None:
    """Return the session of a cookie with its key, or None if there is none any more.

    Parameters
    ----------
    active
        Whether a person did something; a page that renews itself keeps no session alive.
    """
    key = secrets.digest(cookie)
    try:
        record = registry.get(KIND, key)
    except NotFound:
        return None
    session, now = Session.model_validate(record.value), time.time()
    if session.over(limits, now):
        end(registry, key)
        return None
    if active and now - session.active > NOTED_SECONDS:
        noted = session.model_copy(update={"active": now}).model_dump(mode="json")
        with contextlib.suppress(Conflict):  # ended, or noted by another request, at this moment
            registry.put(KIND, key, noted, revision=record.revision)
    return key, session


def end(registry: Registry, key: str) -> None:
    """End one session."""
    registry.delete(KIND, key)


def end_all(registry: Registry, user: str) -> None:
    """End all sessions of a user."""
    for record in registry.list(KIND):
        if record.value["user"] == user:
            registry.delete(KIND, record.key)

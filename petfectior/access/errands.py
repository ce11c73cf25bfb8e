"""Errands: signing in that was begun here and goes on at the identity provider.

What the two ends must agree on is kept in the Registry, for ten minutes and one use; the browser holds a
cookie that binds the errand to it, the address bar only the errand's state.
"""

from __future__ import annotations

import contextlib
import hmac
import time
from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.access import secrets
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Registry

KIND: Final = "sign-in-errand"
LASTS: Final = 600.0


class Errand(BaseModel):
    """What was sent along, and what must come back.

    Parameters
    ----------
    browser
        Digest of the cookie of the browser that began.
    there
        Page of this site that was asked for.
    """

    model_config = ConfigDict(frozen=True)

    browser: str
    nonce: str
    verifier: str
    redirect_uri: str
    there: str
    until: float


def begin(registry: Registry, redirect_uri: str, there: str) -> tuple[str, str, Errand]:
    """Return state, cookie and errand. What was never ended is removed."""
    now = time.time()
    for record in registry.list(KIND):
        if Errand.model_validate(record.value).until < now:
            registry.delete(KIND, record.key)
    state, cookie = secrets.fresh(), secrets.fresh()
    errand = Errand(
        browser=secrets.digest(cookie),
        nonce=secrets.fresh(),
        verifier=secrets.fresh(),
        redirect_uri=redirect_uri,
        there=there,
        until=now + LASTS,
    )
    registry.put(KIND, secrets.digest(state), errand.model_dump(mode="json"), revision=0)
    return state, cookie, errand


def end(registry: Registry, state: str, cookie: str) -> Errand | None:
    """Take an errand, once; None if there is none of this state and browser any more."""
    key = secrets.digest(state)
    try:
        record = registry.get(KIND, key)
    except NotFound:
        return None
    errand = Errand.model_validate(record.value)
    if not hmac.compare_digest(errand.browser, secrets.digest(cookie)):
        return None
    with contextlib.suppress(Conflict):
        # Of two who come at once only one may write, and deleting does not tell them apart.
        registry.put(KIND, key, {**record.value, "until": 0.0}, revision=record.revision)
        registry.delete(KIND, key)
        return errand if time.time() < errand.until else None
    return None

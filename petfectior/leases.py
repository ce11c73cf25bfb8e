"""The claims that this replica holds, renewed while their handlers work."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from uuid import uuid4

import structlog

from petfectior import logs, transitions
from petfectior.errors import NotFound, Transient
from petfectior.handling import Claim, LeaseLost

log = structlog.get_logger()


class Leases:
    """Live tokens and their claims; one thread renews them all."""

    def __init__(self) -> None:
        self._claims: dict[str, Claim | None] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def token(self) -> Iterator[str]:
        """Yield a new token, live for as long as the block runs.

        It is live before any lease is written with it: else another thread of this replica could see the
        lease, miss its token and take it for one from before a restart.
        """
        token = uuid4().hex
        with self._lock:
            self._claims[token] = None
        try:
            yield token
        finally:
            with self._lock:
                del self._claims[token]

    def renew(self, claim: Claim) -> None:
        """Renew `claim` from now on, until its token's block ends."""
        with self._lock:
            self._claims[claim.token] = claim

    def tokens(self) -> frozenset[str]:
        """Return the tokens that are live now."""
        with self._lock:
            return frozenset(self._claims)

    def keep(self, done: threading.Event) -> None:
        """Renew three times per lease until `done` is set."""
        while not done.wait(transitions.LEASE_SECONDS / 3):
            self.renew_all()

    def renew_all(self) -> None:
        """Renew every live claim; one that is lost is marked, so that its handler stops at its next check."""
        with self._lock:
            claims = [claim for claim in self._claims.values() if claim is not None]
        for claim in claims:
            try:
                claim.renew()
            except (LeaseLost, NotFound):
                claim.lost = True
                log.warning("lease.lost", task=claim.task.id, stage=claim.stage)
            except Transient as error:
                # The lease outlives two missed renewals; after that another worker may take over.
                log.warning("lease.unrenewed", **logs.describe(error))
            except Exception as error:  # noqa: BLE001 - the others must be renewed all the same
                log.error("lease.unrenewed", **logs.describe(error))  # noqa: TRY400 - see logs

"""One association from its request to its end, on a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pynetdicom import AE
from pynetdicom.presentation import PresentationContext

from petfectior import metrics
from petfectior.association_log import Association, Result
from petfectior.settings import Settings
from petfectior.task import Source
from services.scp import pdu
from services.scp.acceptor import Acceptor
from services.scp.connection import Connection, PeerGone, PeerSilent
from services.scp.doorway import Guest
from services.scp.incoming import Incoming
from services.scp.messages import Counts, Messages
from services.scp.pdu import Titles
from services.scp.spool import Spool
from services.scp.storing import Storing

STOPPING: Final = "node-stopping"
log = structlog.get_logger()


@dataclass(frozen=True)
class House:
    """What visits share.

    Parameters
    ----------
    settings
        Returns those in force.
    stored
        Called when the spool changed.
    note
        Takes an entry of the association log.
    """

    entity: AE
    spool: Spool
    settings: Callable[[], Settings]
    stored: Callable[[], None]
    note: Callable[[Association], None]


class Visit:
    """An admitted guest's association."""

    def __init__(
        self, house: House, guest: Guest, titles: Titles, supported: Sequence[PresentationContext]
    ) -> None:
        self._house = house
        self._guest = guest
        self._titles = titles
        self._supported = supported
        self._connection = Connection(guest.connection, house.settings().pdu_seconds)
        self._acceptor = Acceptor(house.entity, self._connection)
        self._began = time.time()
        self._counts = Counts()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve the association to its end; nothing of it is left then but what the spool keeps."""
        try:
            rejection = self._negotiate()
            result, reason = (Result.REJECTED, rejection.code) if rejection else self._serve()
        except pdu.ProtocolError as error:
            self._abort(pdu.BY_PROVIDER, error.reason)
            result, reason = Result.ABORTED, error.code
        except (PeerGone, PeerSilent):
            result, reason = Result.LOST, "connection-lost"
        finally:
            self._connection.close()
        self._note(result, reason)

    def stop(self) -> None:
        """Have the association aborted."""
        self._stopping.set()
        self._connection.interrupt()

    def cut(self) -> None:
        """End it, even if the peer does not take what is sent to it."""
        self._connection.cut()

    def _negotiate(self) -> pdu.Rejection | None:
        rejection = self._acceptor.negotiate(bytes(self._guest.request), self._supported)
        if rejection:
            self._connection.send(rejection.encode())
        return rejection

    def _serve(self) -> tuple[Result, str | None]:
        metrics.ASSOCIATIONS.labels("in", "accepted").inc()
        metrics.ASSOCIATIONS_OPEN.labels("in").inc()
        log.info("association.accepted", contexts=len(self._acceptor.contexts))
        try:
            return self._talk()
        finally:
            metrics.ASSOCIATIONS_OPEN.labels("in").dec()
            self._house.spool.end(self)
            self._house.stored()

    def _talk(self) -> tuple[Result, str | None]:
        messages = self._messages()
        self._counts = messages.counts
        try:
            messages.serve()
        except pdu.Released:
            with contextlib.suppress(PeerGone, PeerSilent):
                self._connection.send(pdu.RELEASE_RP)
            return Result.RELEASED, None
        except pdu.Aborted:
            return Result.ABORTED, "aborted-by-peer"
        except PeerGone:
            if self._stopping.is_set():
                self._abort(pdu.BY_USER)
                return Result.ABORTED, STOPPING
            return Result.LOST, "connection-lost"
        except PeerSilent as silent:
            self._abort(pdu.BY_PROVIDER)
            return Result.ABORTED, silent.code
        raise AssertionError  # serve does not return

    def _messages(self) -> Messages:
        settings = self._house.settings()
        storing = Storing(self._house.spool, self, self._source(), self._house.settings, self._house.stored)
        return Messages(
            self._acceptor,
            self._connection,
            pdu.PresentationData(self._connection, settings.idle_seconds),
            Incoming(self._house.spool.folder, settings.pdu_seconds),
            longest_instance=settings.largest_instance_bytes,
            longest_association=settings.largest_association_bytes,
            has_room=storing.has_room,
            keep=storing.keep,
        )

    def _source(self) -> Source:
        return Source(
            calling_ae_title=self._titles.calling,
            called_ae_title=self._titles.called,
            address=self._guest.address,
        )

    def _abort(self, source: int, reason: int = 0) -> None:
        with contextlib.suppress(PeerGone, PeerSilent):
            self._connection.send(pdu.abort(source, reason))

    def _note(self, result: Result, reason: str | None) -> None:
        if reason:
            log.warning("association.ended", outcome=result.value, code=reason, count=self._counts.instances)
        else:
            log.info("association.ended", outcome=result.value, count=self._counts.instances)
        accepted = self._acceptor.contexts.values()
        self._house.note(
            Association(
                began=self._began,
                ended=time.time(),
                address=self._guest.address,
                calling_ae_title=self._titles.calling,
                called_ae_title=self._titles.called,
                secure=self._guest.secure,
                result=result,
                reason=reason,
                contexts=tuple((str(one.abstract_syntax), str(one.transfer_syntax[0])) for one in accepted),
                contexts_refused=self._acceptor.refused,
                instances=self._counts.instances,
                instances_refused=self._counts.refused,
                bytes=self._counts.bytes,
            )
        )

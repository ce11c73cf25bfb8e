"""The network path: associations and C-STORE requests into the spool. It knows no task.

A success is answered only after the instance is durable. Nothing here waits for a store or a broker.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final

import structlog
from pynetdicom.presentation import PresentationContext

from petfectior import metrics
from petfectior.association_log import Association, Result
from petfectior.dicom import secure
from petfectior.service import Ports
from petfectior.settings import Settings
from services.scp import acceptor, doorway, negotiation, pdu
from services.scp.admission import Policies, Seats
from services.scp.doorway import Doorway, Entrance, Guest
from services.scp.logbook import Logbook
from services.scp.spool import Spool
from services.scp.visit import House, Visit

POLICY_SECONDS: Final = 0.5
"""Between two looks at what is in force, so that a pause or its end counts within a second."""
ABORT_SECONDS: Final = 3.0
log = structlog.get_logger()

Bell = queue.SimpleQueue[None]
"""Rung when the spool changed; nothing is lost if nobody hears it."""


class Receiver:
    """Storage and Verification SCP over a spool.

    Parameters
    ----------
    bell
        Rung after each instance and at the end of each association.
    """

    def __init__(self, ports: Ports, spool: Spool, bell: Bell) -> None:
        self.ports = ports
        self.spool = spool
        self.bell = bell
        self.stopped = threading.Event()
        self._policies = Policies(ports)
        self._seats = Seats(self._settings)
        self._logbook = Logbook(ports.registry)
        self._house = House(
            acceptor.entity(ports.base.ae_title), spool, self._settings, self._ring, self._logbook.note
        )
        self._supported: Sequence[PresentationContext] = ()
        self._visits: dict[Visit, threading.Thread] = {}
        self._mutex = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; then no association is left and `stopped` is set."""
        try:
            self._serve(stop)
        finally:
            self.stopped.set()
            self._ring()

    def _serve(self, stop: threading.Event) -> None:
        self._read_policy()
        entrances = _entrances(self.ports.base)
        way_in = Doorway(entrances, self.admit, self._turned_away, lambda: self._settings().handshake_seconds)
        ended = threading.Event()
        beside = [
            threading.Thread(target=self._watch_policy, args=(stop,), name="policy"),
            threading.Thread(target=self._logbook.run, args=(ended,), name="logbook"),
        ]
        for thread in beside:
            thread.start()
        for entrance in entrances:
            event = "scp.listening-secured" if entrance.secure else "scp.listening"
            log.info(event, port=entrance.listener.getsockname()[1])
        try:
            way_in.run(stop)
        finally:
            self._abort_all()
            ended.set()
            for thread in beside:
                thread.join()

    def _watch_policy(self, stop: threading.Event) -> None:
        while not stop.wait(POLICY_SECONDS):
            self._read_policy()

    def _read_policy(self) -> None:
        if self._policies.read() or not self._supported:
            self._supported = negotiation.contexts(self._settings())

    def _settings(self) -> Settings:
        return self._policies.current.settings

    def _ring(self) -> None:
        self.bell.put(None)

    def admit(self, guest: Guest) -> None:
        """Reject a guest, or begin its visit."""
        titles = pdu.titles(guest.request)
        rejection = self._policies.current.refusal(titles, guest.address, secure=guest.secure)
        rejection = rejection or self._seats.take(guest.address)
        if rejection:
            self._reject(guest, titles, rejection)
            return
        visit = Visit(self._house, guest, titles, self._supported)
        thread = threading.Thread(target=self._receive, args=(visit, guest), name="association", daemon=True)
        with self._mutex:
            self._visits[visit] = thread
        thread.start()

    def _receive(self, visit: Visit, guest: Guest) -> None:
        try:
            visit.run()
        except Exception as error:  # one association must harm no other
            log.error("association.failed", exc_info=error)  # noqa: TRY400 - see petfectior.logs
        finally:
            self._seats.leave(guest.address)
            with self._mutex:
                self._visits.pop(visit, None)

    def _reject(self, guest: Guest, titles: pdu.Titles, rejection: pdu.Rejection) -> None:
        with contextlib.suppress(OSError):
            guest.connection.send(rejection.encode())
        guest.connection.close()
        metrics.ASSOCIATIONS.labels("in", "rejected").inc()
        log.warning("association.rejected", code=rejection.code)
        self._note(guest, titles, Result.REJECTED, rejection.code)

    def _turned_away(self, guest: Guest, code: str) -> None:
        metrics.ASSOCIATIONS.labels("in", "turned-away").inc()
        log.warning("connection.turned-away", code=code)
        self._note(guest, pdu.Titles(1, "", ""), Result.TURNED_AWAY, code)

    def _note(self, guest: Guest, titles: pdu.Titles, result: Result, reason: str) -> None:
        now = time.time()
        self._logbook.note(
            Association(
                began=now,
                ended=now,
                address=guest.address,
                calling_ae_title=titles.calling,
                called_ae_title=titles.called,
                secure=guest.secure,
                result=result,
                reason=reason,
            )
        )

    def _abort_all(self) -> None:
        """Abort what is under way; a peer that does not hang up is not waited for."""
        with self._mutex:
            visits = dict(self._visits)
        for visit in visits:
            visit.stop()
        deadline = time.monotonic() + ABORT_SECONDS
        for visit, thread in visits.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                visit.cut()
                thread.join(ABORT_SECONDS)


def _entrances(base: Settings) -> list[Entrance]:
    shared = base.dicom_processes > 1
    entrances = [Entrance(_listen(base.dicom_host, base.dicom_port, shared=shared))]
    if base.dicom_tls_port is not None:
        secured = secure.acceptor(base.dicom_tls_certificate, base.dicom_tls_trust, base.dicom_tls_clients)
        entrances.append(Entrance(_listen(base.dicom_host, base.dicom_tls_port, shared=shared), secured))
    return entrances


def _listen(host: str, port: int, *, shared: bool) -> socket.socket:
    """Listen; a shared port is one that the kernel deals connections from to several processes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=doorway.BACKLOG, reuse_port=shared)
    except OSError:
        log.error("scp.port-not-free", port=port)  # noqa: TRY400 - the loop's end is logged
        raise

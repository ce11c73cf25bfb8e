"""Negotiates an association by pynetdicom and hands over its socket (PS3.8 7.1, PS3.7 D)."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Collection, Iterator
from typing import Final

from pynetdicom import AE, evt
from pynetdicom.association import Association as Negotiated
from pynetdicom.presentation import PresentationContext, build_context

from petfectior.dicom.file_meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from petfectior.dicom.p_data import AssociationAborted
from petfectior.errors import Rejected, Transient
from petfectior.task import Destination

NEGOTIATION_SECONDS: Final = 15.0
_BY_USER: Final = 0x01
_CALLING_UNKNOWN: Final = 0x03
_CALLED_UNKNOWN: Final = 0x07


class NoConnection(Transient):
    """The peer cannot be reached."""


class PeerSilent(Transient):
    """Something accepts connections but does not negotiate."""


class AssociationRejected(Transient):
    """The peer rejected the association for a reason that may pass."""


class AETitleRefused(Rejected):
    """The peer does not know its own or our AE title: waiting does not help."""


class ContextsRefused(Rejected):
    """The peer takes none of the SOP classes and transfer syntaxes offered."""


def negotiate(
    destination: Destination,
    calling_ae_title: str,
    offers: Collection[tuple[str, str]],
    connect_seconds: float,
    secure: ssl.SSLContext | None = None,
) -> Negotiated:
    """Return an established association; each pair of `offers` is a context of its own.

    Raises
    ------
    NoConnection, PeerSilent, AssociationRejected, AETitleRefused, ContextsRefused
        If there is none.
    """
    contexts = [build_context(sop_class_uid, syntax) for sop_class_uid, syntax in offers]
    for address in _addresses(destination):
        negotiated, opened = _request(
            destination, address, calling_ae_title, contexts, connect_seconds, secure=secure
        )
        if negotiated.is_established:
            return negotiated
        if opened:
            raise _why_not(negotiated)
    raise NoConnection("destination-unreachable")


@contextlib.contextmanager
def taken_over(negotiated: Negotiated, answer_seconds: float) -> Iterator[socket.socket]:
    """Stop pynetdicom's reading thread, yield the connected socket, close it in the end.

    Raises
    ------
    AssociationAborted
        If the peer is gone already.
    """
    negotiated.dul.kill_dul()
    negotiated.dul.join()
    connection = _socket_of(negotiated)
    try:
        if connection is None:
            raise AssociationAborted
        connection.settimeout(answer_seconds)
        yield connection
    finally:
        if connection is not None:
            connection.close()
        negotiated.kill()


def _addresses(destination: Destination) -> list[str]:
    try:
        found = socket.getaddrinfo(destination.address, destination.port, type=socket.SOCK_STREAM)
    except OSError as unknown:
        raise NoConnection("destination-unreachable") from unknown
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _request(
    destination: Destination,
    address: str,
    calling_ae_title: str,
    contexts: list[PresentationContext],
    connect_seconds: float,
    *,
    secure: ssl.SSLContext | None,
) -> tuple[Negotiated, bool]:
    """Return the association, established or not, and whether a connection came about."""
    entity = AE(ae_title=calling_ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.connection_timeout = connect_seconds
    entity.acse_timeout = NEGOTIATION_SECONDS
    opened: list[bool] = []

    def on_open(event: evt.Event) -> None:
        opened.append(True)
        # Without it half an answer would hold pynetdicom's reading thread, and us, for ever.
        if (connection := _socket_of(event.assoc)) is not None:
            connection.settimeout(NEGOTIATION_SECONDS)

    negotiated = entity.associate(
        address,
        destination.port,
        contexts=contexts,
        ae_title=destination.ae_title,
        tls_args=(secure, destination.address) if secure else None,
        evt_handlers=[(evt.EVT_CONN_OPEN, on_open), (evt.EVT_ESTABLISHED, _hold)],
    )
    return negotiated, bool(opened)


def _hold(event: evt.Event) -> None:
    """Keep pynetdicom's association thread at its checkpoint: from here on the socket is ours."""
    event.assoc._reactor_checkpoint.clear()  # noqa: SLF001 - pynetdicom has no public way to pause it


def _socket_of(negotiated: Negotiated) -> socket.socket | None:
    return None if negotiated.dul.socket is None else negotiated.dul.socket.socket


def _why_not(negotiated: Negotiated) -> Transient | Rejected:
    answer = negotiated.acceptor.primitive
    if negotiated.rejected_contexts:
        return ContextsRefused("contexts-refused")
    if not negotiated.is_rejected or answer is None:
        return PeerSilent("destination-silent")
    result, source, diagnostic = answer.result or 0, answer.result_source or 0, answer.diagnostic or 0
    if (source, diagnostic) == (_BY_USER, _CALLED_UNKNOWN):
        return AETitleRefused("called-ae-title-refused")
    if (source, diagnostic) == (_BY_USER, _CALLING_UNKNOWN):
        return AETitleRefused("calling-ae-title-refused")
    return AssociationRejected("association-rejected", result=result, source=source, diagnostic=diagnostic)

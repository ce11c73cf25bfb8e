"""Verification SCU: C-ECHO, with the cause of each failure told apart (PS3.4 A.4)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Final

from petfectior.dicom import secure
from petfectior.dicom.negotiation import PeerSilent, negotiate
from petfectior.dicom.tag_walker import IMPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Permanent, Transient
from petfectior.settings import Settings
from petfectior.task import Destination

VERIFICATION: Final = "1.2.840.10008.1.1"
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0


def verify(destination: Destination, settings: Settings) -> float:
    """Send a C-ECHO; return the seconds that it took, association included.

    Raises
    ------
    Transient
        ``device-name-unknown``, ``device-port-closed`` or ``device-no-answer``; and what `negotiate` raises.
    Permanent
        If the device answers with another status than success, or our own TLS files cannot be used.
    """
    _dial(destination)
    began = time.monotonic()
    offers = {(VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN)}
    context = _secured(settings) if destination.tls else None
    association = negotiate(destination, settings.ae_title, offers, CONNECT_SECONDS, secure=context)
    association._reactor_checkpoint.set()  # noqa: SLF001 - negotiate holds pynetdicom's thread there
    association.dimse_timeout = ANSWER_SECONDS
    try:
        status = association.send_c_echo()
    except (RuntimeError, ValueError) as error:
        raise PeerSilent("destination-silent") from error
    finally:
        with contextlib.suppress(RuntimeError):
            association.release()
    if "Status" not in status:
        raise PeerSilent("destination-silent")
    if status.Status != 0:
        raise Permanent("device-refuses-echo", status=f"{status.Status:04X}")
    return time.monotonic() - began


def _secured(settings: Settings) -> ssl.SSLContext:
    return secure.requestor(settings.dicom_tls_certificate, settings.dicom_tls_trust)


def _dial(destination: Destination) -> None:
    """Connect and hang up, to tell a name that is unknown from a port that is closed."""
    try:
        found = socket.getaddrinfo(destination.address, destination.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Transient("device-name-unknown") from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.settimeout(CONNECT_SECONDS)
        try:
            probe.connect(address)
        except ConnectionRefusedError as error:
            raise Transient("device-port-closed", port=destination.port) from error
        except OSError as error:
            raise Transient("device-no-answer") from error

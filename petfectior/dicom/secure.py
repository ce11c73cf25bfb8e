"""DICOM TLS: the BCP 195 (RFC 8996, 9325) secure transport connection profile (PS3.15 B.12).

TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. A peer is known by a certificate of
the authorities that the site trusts, not by its host name: devices are configured by address.
"""

from __future__ import annotations

import ssl
from typing import Final, Literal

from petfectior.errors import Permanent

CIPHERS: Final = "ECDHE+AESGCM"
"""RFC 9325 4.2; those of TLS 1.3 are all allowed."""
Clients = Literal["unasked", "optional", "required"]
_VERIFY: Final = {
    "unasked": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


def acceptor(certificate: str, trust: str, clients: Clients) -> ssl.SSLContext:
    """Return what secures associations that others open.

    Parameters
    ----------
    certificate
        Path of a PEM with our certificate, those above it, and the key.
    trust
        Path of a PEM with the authorities of the peers' certificates.
    clients
        Whether a peer is asked for a certificate, and whether it must have one.

    Raises
    ------
    Permanent
        If a file is missing or not what it should be.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, certificate, trust if clients != "unasked" else "")
    context.verify_mode = _VERIFY[clients]
    return context


def requestor(certificate: str, trust: str) -> ssl.SSLContext:
    """Return what secures associations that we open; see `acceptor`."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, certificate, trust)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(protocol: int, certificate: str, trust: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        if certificate:
            context.load_cert_chain(certificate)
        if trust:
            context.load_verify_locations(trust)
    except OSError as unusable:  # ssl.SSLError is one
        raise Permanent("dicom-tls-files-unusable") from unusable
    return context

"""Remembers whose certificate the last answer came under, for the privacy receipt."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Witness(HTTPAdapter):
    """Transport that looks at the TLS connection of each answer before it goes back to the pool.

    Attributes
    ----------
    fingerprint
        SHA-256 of the server's certificate (DER), hexadecimal; empty without TLS.
    """

    fingerprint = ""

    def send(
        self,
        request: requests.PreparedRequest,
        *arguments: Any,  # noqa: ANN401 - passed on
        **named: Any,  # noqa: ANN401 - passed on
    ) -> requests.Response:
        """Send a request as `HTTPAdapter` does."""
        response = super().send(request, *arguments, **named)
        connection = getattr(response.raw, "connection", None)
        line = getattr(connection, "sock", None)
        certificate = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
        if certificate:
            self.fingerprint = hashlib.sha256(certificate).hexdigest()
        return response

"""What must hold of the server's settings before anything is sent."""

from __future__ import annotations

from pathlib import Path

from petfectior.errors import Rejected
from petfectior.settings import Settings, require_secure
from services.transfer.failures import ServerUnavailable


def require(settings: Settings) -> None:
    """Check the address of the server.

    Raises
    ------
    ServerUnavailable
        ``server-not-configured`` without an address; ``server-insecure`` for plain HTTP beyond loopback;
        ``server-tls-failed`` if the CA bundle or the client certificate is not there.
    """
    if not settings.server_url:
        raise ServerUnavailable("server-not-configured")
    try:
        require_secure(settings.server_url)
    except Rejected as error:
        raise ServerUnavailable(error.reason.code) from error
    for file in (settings.server_ca, settings.server_client_certificate):
        if file and not Path(file).exists():
            raise ServerUnavailable("server-tls-failed")


def bypasses(host: str, no_proxy: str) -> bool:
    """Tell whether a comma-separated list of hosts and domains exempts `host` from the proxy.

    ``example.org`` and ``.example.org`` cover the host and all below it; ``*`` covers everything.
    """
    entries = [entry.strip().lower().lstrip(".") for entry in no_proxy.split(",") if entry.strip()]
    name = host.lower()
    return any(entry in {"*", name} or name.endswith("." + entry) for entry in entries)

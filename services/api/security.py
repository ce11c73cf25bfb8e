"""What every request must satisfy and every answer carries, whoever asks.

The Host check keeps a foreign page from reaching a loopback server through a name of its own (DNS
rebinding); the Origin check keeps it from changing anything with the visitor's browser.
"""

from __future__ import annotations

import ipaddress
import platform
from urllib.parse import urlsplit

from fastapi import Request, Response

from petfectior.errors import Rejected
from petfectior.settings import Settings, loopback

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class ForeignRequest(Rejected):
    """The request comes from another site, or asks for a host that is not ours."""


def own_names(settings: Settings) -> frozenset[str]:
    """Return the DNS names that are ours: this machine's and the configured ones."""
    configured = {name.strip().lower() for name in settings.api_names.split(",")}
    return frozenset({platform.node().lower(), settings.api_host.lower()} | configured)


def check_host(request: Request, names: frozenset[str]) -> None:
    """Accept addresses, names without a dot, and `names`.

    Raises
    ------
    ForeignRequest
        For any other name: a public name that resolves to us is an attacker's until configured.
    """
    name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if "." in name and name not in names and not _is_address(name):
        raise ForeignRequest("host-unknown")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check_origin(request: Request) -> None:
    """Refuse a change that another site's page asks for. Raises `ForeignRequest`."""
    if request.method in SAFE_METHODS:
        return
    if not from_own_page(request):
        raise ForeignRequest("request-cross-origin")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise ForeignRequest("request-cross-origin")


def from_own_page(request: Request) -> bool:
    """Tell whether our own page or the visitor asks, as far as the browser says who does."""
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def require_own_page(request: Request) -> None:
    """Refuse a change by a session's cookie unless the browser says that our own page asks for it.

    Every browser of the last years names the origin of a form or a script's request that changes something,
    so this is what a secret in each form would be for (ADR 0009). Raises `ForeignRequest`.
    """
    named = "origin" in request.headers or "sec-fetch-site" in request.headers
    if request.method not in SAFE_METHODS and not named:
        raise ForeignRequest("request-cross-origin")


def address_of(request: Request) -> str:
    """Return the visitor's network address."""
    return request.client.host if request.client else ""


def is_here(request: Request) -> bool:
    """Tell whether the visitor is at this machine, and not behind a proxy on it."""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    return loopback(address_of(request)) and loopback(request.url.hostname or "") and not forwarded


def with_headers(request: Request, response: Response) -> Response:
    """Add the security headers; what may hold a patient's name is never kept by a cache."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    if request.app.state.ports.base.api_tls == "own":
        # Not for a certificate that no browser knows: a person could then no longer accept it.
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    static = request.url.path.startswith("/static/")
    response.headers["Cache-Control"] = "no-cache" if static else "no-store"
    return response

"""Who asks: by a token in the Authorization header, or by the session's cookie."""

from __future__ import annotations

from fastapi import Request

from petfectior.access import sessions, tokens, users
from petfectior.access.person import Person
from petfectior.errors import NotFound
from petfectior.service import Ports
from services.api import live, security
from services.api.access import cookie
from services.api.access.refusals import NotSignedIn
from services.api.dependencies import ports_of


def identify(request: Request) -> Person:
    """Return who asks, and remember it for what is shown and written down.

    Raises
    ------
    NotSignedIn
        If there is neither a good token nor a session.
    ForeignRequest
        If a browser does not say that its change comes from our own page.
    """
    ports = ports_of(request)
    header = request.headers.get("authorization")
    person = _by_cookie(request, ports) if header is None else _by_token(header, ports)
    request.state.person = person
    return person


def _by_token(header: str, ports: Ports) -> Person:
    scheme, _, secret = header.partition(" ")
    token = tokens.find(ports.registry, secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise NotSignedIn("token-not-valid")
    return Person(f"token:{token.name}", token.scope)


def _by_cookie(request: Request, ports: Ports) -> Person:
    value = cookie.read(request)
    active = not live.renews_itself(request)
    found = sessions.find(ports.registry, value, ports.settings(), active=active) if value else None
    if found is None:
        raise NotSignedIn("not-signed-in")
    security.require_own_page(request)
    key, session = found
    try:
        user = users.get(ports.registry, session.user)
    except NotFound:
        raise NotSignedIn("not-signed-in") from None
    if user.disabled:
        raise NotSignedIn("not-signed-in")
    return Person(user.name, user.role, key)

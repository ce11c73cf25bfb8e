"""Signing in by the identity provider: the way there, and the way back.

Both are followed as links, so the cookies of the errand and of the session are `SameSite=Lax`: they come with
a navigation from the provider's page, and with nothing else that another site may cause.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from petfectior.access import errands, first_run, sessions, throttle, vouched
from petfectior.access.errands import Errand
from petfectior.access.users import User
from petfectior.errors import NotFound, PetfectiorError, Rejected
from petfectior.service import Ports
from petfectior.settings import Settings, loopback
from services.api.access import pages, provider
from services.api.access.refusals import NotAllowed, NotSignedIn
from services.api.access.required import Anyone
from services.api.dependencies import PortsGiven
from services.api.security import address_of, from_own_page, own_names

router = APIRouter(include_in_schema=False)
BACK: Final = "/login/callback"
COOKIE: Final = "petfectior_errand"
BOUND: Final = f"__Host-{COOKIE}"
Text = Annotated[str, Query(max_length=4096)]


@router.get("/login/oidc")
def leave(_: Anyone, request: Request, ports: PortsGiven, there: Text = "/") -> Response:
    """Lead to the identity provider; another site's page cannot begin this."""
    _require_provider(ports.base)
    if first_run.needed(ports.registry) or not from_own_page(request):
        return RedirectResponse(f"/login?{urlencode({'there': pages.ours(there)})}", pages.SEE_OTHER)
    try:
        throttle.count(ports.registry, None, _asker(request))
        back = _way_back(request, ports.base)
        state, cookie, errand = errands.begin(ports.registry, back, pages.ours(there))
        response = RedirectResponse(provider.address(ports.base, state, errand), pages.SEE_OTHER)
    except PetfectiorError as error:
        return pages.turned_away(request, ports, error, pages.ours(there))
    _give(response, back, cookie)
    return response


@router.get(BACK)
def come_back(
    _: Anyone, request: Request, ports: PortsGiven, state: Text = "", code: Text = "", iss: Text = ""
) -> Response:
    """Begin a session for whom the identity provider vouches."""
    _require_provider(ports.base)
    there = "/"
    try:
        errand = _errand(request, ports, state)
        there = pages.ours(errand.there)
        if not code or iss not in {"", ports.base.oidc_issuer}:
            raise NotSignedIn("oidc-refused")
        user = _admitted(request, ports, provider.claims(ports.base, errand, code))
    except PetfectiorError as error:
        return _forget(pages.turned_away(request, ports, error, there))
    throttle.forgive(ports.registry, None, _asker(request))
    value = sessions.open_session(ports.registry, user.name, ports.settings())
    return _forget(pages.begun(request, ports, user, value, there))


def _give(response: Response, back: str, cookie: str) -> None:
    name, lasts = _cookie(back), int(errands.LASTS)
    response.set_cookie(
        name, cookie, max_age=lasts, path="/", secure=name == BOUND, httponly=True, samesite="lax"
    )


def _forget(response: Response) -> Response:
    for name in (COOKIE, BOUND):
        response.delete_cookie(name, path="/", secure=name == BOUND, httponly=True, samesite="lax")
    return response


def _cookie(back: str) -> str:
    """Return the cookie's name for a way back: the one that another host cannot set, where there is HTTPS."""
    return BOUND if back.startswith("https:") else COOKIE


def _asker(request: Request) -> str:
    """Return whom to count: apart from passwords, which stay the way in while the provider is away."""
    return f"provider {address_of(request)}"


def _errand(request: Request, ports: Ports, state: str) -> Errand:
    name = _cookie(_way_back(request, ports.base))
    errand = errands.end(ports.registry, state, request.cookies.get(name, ""))
    if errand is None:
        raise NotSignedIn("oidc-not-begun")
    return errand


def _admitted(request: Request, ports: Ports, claims: dict[str, Any]) -> User:
    base = ports.base
    subject = vouched.subject_of(base.oidc_issuer, str(claims["sub"]))
    present = vouched.known(ports.registry, subject)
    request.state.tried = present.name if present else ""
    if present is not None and present.disabled:
        raise NotAllowed("oidc-user-disabled")
    role = vouched.role_of(claims.get(base.oidc_roles_claim), base.oidc_roles)
    if role is None:
        vouched.shut_out(ports.registry, subject)
        raise NotAllowed("oidc-no-role")
    return vouched.admit(ports.registry, subject, str(claims.get(base.oidc_name_claim, "")), role)


def _way_back(request: Request, base: Settings) -> str:
    """Return the address that the provider leads back to: HTTPS by a name of ours, or this machine.

    What a visitor writes into the Host header is not believed. A reverse proxy may end HTTPS before us, so
    the scheme is that of the request at this machine only.
    """
    name, port = request.url.hostname or "", request.url.port
    here = loopback(name)
    if not here and name not in own_names(base):
        raise Rejected("oidc-address-unknown")
    host = f"[{name}]" if ":" in name else name
    scheme = request.url.scheme if here else "https"
    return f"{scheme}://{host}{f':{port}' if port else ''}{BACK}"


def _require_provider(base: Settings) -> None:
    if not base.oidc:
        raise NotFound("page-unknown")

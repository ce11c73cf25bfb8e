"""Signing in and out, the first administrator, and one's own account."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr, ValidationError

from petfectior.access import first_run, sessions
from petfectior.access.person import Person
from petfectior.access.users import User
from petfectior.errors import PetfectiorError, Rejected
from petfectior.service import Ports
from petfectior.settings import loopback
from services.api import problems
from services.api.access import cookie, signing_in
from services.api.access.required import Anyone, Viewer
from services.api.dependencies import PortsGiven
from services.api.rendering import page
from services.api.security import address_of, is_here

router = APIRouter(include_in_schema=False)
SEE_OTHER: Final = 303
NO_CODE: Final = SecretStr("")
Text = Annotated[str, Form(max_length=256)]
Password = Annotated[SecretStr, Form(max_length=1024)]


@router.get("/login")
def show_sign_in(_: Anyone, request: Request, ports: PortsGiven, there: str = "/", did: str = "") -> Response:
    """Ask for name and password; before there is a user, for the first one."""
    if first_run.needed(ports.registry):
        return RedirectResponse("/setup", SEE_OTHER)
    return page(request, "login.html", _asking_in(request, ports, ours(there)) | {"did": did})


@router.post("/login")
def sign_in(
    _: Anyone, request: Request, ports: PortsGiven, name: Text, password: Password, there: Text = "/"
) -> Response:
    """Begin a session and lead to the page that was asked for."""
    request.state.tried = signing_in.known_name(ports, name)
    try:
        user, value = signing_in.sign_in(ports, name, password, address_of(request))
    except PetfectiorError as error:
        return turned_away(request, ports, error, ours(there))
    return begun(request, ports, user, value, ours(there))


@router.post("/logout")
def sign_out(person: Viewer, request: Request, ports: PortsGiven) -> Response:
    """End the session."""
    if person.session is not None:
        sessions.end(ports.registry, person.session)
    response = RedirectResponse("/login?did=out", SEE_OTHER)
    cookie.take_back(request, response)
    return response


@router.get("/setup")
def show_setup(_: Anyone, request: Request, ports: PortsGiven) -> Response:
    """Ask for the first administrator."""
    if not first_run.needed(ports.registry):
        return RedirectResponse("/login", SEE_OTHER)
    return page(request, "setup.html", _asking(request) | {"here": is_here(request)})


@router.post("/setup")
def set_up(
    _: Anyone,
    request: Request,
    ports: PortsGiven,
    name: Text,
    password: Password,
    code: Password = NO_CODE,
) -> Response:
    """Make the first administrator and begin a session."""
    here = is_here(request)
    try:
        user = _first_user(ports, name, password, code, here=here)
    except PetfectiorError as error:
        problem = problems.problem(request, error)
        context = _asking(request) | {"here": here, "problem": problem, "name": name}
        return page(request, "setup.html", context, problem.status)
    return begun(
        request, ports, user, sessions.open_session(ports.registry, user.name, ports.settings()), "/"
    )


@router.get("/account")
def show_account(person: Viewer, request: Request, ports: PortsGiven) -> Response:
    """Show who is signed in, and let the password be changed."""
    return page(request, "account.html", {"vouched": signing_in.is_vouched(ports, person.name)})


@router.post("/account/password")
def change_password(
    person: Viewer, request: Request, ports: PortsGiven, present: Password, wanted: Password
) -> Response:
    """Change one's own password; signing in anew is asked for."""
    try:
        signing_in.change_password(ports, person.name, present, wanted, address_of(request))
    except PetfectiorError as error:
        problem = problems.problem(request, error)
        context = {"problem": problem, "vouched": signing_in.is_vouched(ports, person.name)}
        return page(request, "account.html", context, problem.status)
    response = RedirectResponse("/login?did=password", SEE_OTHER)
    cookie.take_back(request, response)
    return response


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(person: Viewer, request: Request, ports: PortsGiven) -> Response:
    """End all sessions of whoever asks."""
    sessions.end_all(ports.registry, person.name)
    response = RedirectResponse("/login?did=out", SEE_OTHER)
    cookie.take_back(request, response)
    return response


def sign_in_address(request: Request) -> str:
    """Return where a visitor who is not signed in is sent; what was asked for follows afterwards."""
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/login" if there == "/" else f"/login?{urlencode({'there': there})}"


def ours(there: str) -> str:
    """Return a path of this site: an address of another is not followed."""
    inside = there.startswith("/") and not there.startswith(("//", "/\\")) and there.isprintable()
    return there if inside else "/"


def begun(request: Request, ports: Ports, user: User, value: str, there: str) -> Response:
    """Lead to the page that was asked for, with the cookie of the new session."""
    request.state.person = Person(user.name, user.role)
    response = RedirectResponse(there, SEE_OTHER)
    cookie.give(request, response, value, ports.settings().session_hours)
    return response


def turned_away(request: Request, ports: Ports, error: PetfectiorError, there: str) -> Response:
    """Say on the sign-in page why nobody was let in."""
    problem = problems.problem(request, error)
    context = _asking_in(request, ports, there) | {"problem": problem, "did": ""}
    return page(request, "login.html", context, problem.status)


def _first_user(ports: Ports, name: str, password: SecretStr, code: SecretStr, *, here: bool) -> User:
    try:
        return first_run.make_first_user(ports.registry, name, password, here=here, code=code)
    except ValidationError as error:
        raise Rejected("user-name-invalid") from error


def _asking(request: Request) -> dict[str, object]:
    plain = request.url.scheme == "http" and not loopback(request.url.hostname or "")
    return {"plain": plain}


def _asking_in(request: Request, ports: Ports, there: str) -> dict[str, object]:
    base = ports.base
    return _asking(request) | {"there": there, "provider": base.oidc_title if base.oidc else ""}

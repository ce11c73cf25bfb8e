"""Users and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr, ValidationError

from petfectior.access import tokens, users
from petfectior.access.person import Role
from petfectior.errors import NotFound, PetfectiorError, Rejected
from petfectior.service import Ports
from services.api import problems
from services.api.access.required import Admin
from services.api.config.sections import PAGES
from services.api.dependencies import PortsGiven
from services.api.rendering import page

router = APIRouter(include_in_schema=False, prefix="/config")
SEE_OTHER: Final = 303
Text = Annotated[str, Form(max_length=256)]
Choice = Annotated[Role, Form()]
Password = Annotated[SecretStr, Form(max_length=1024)]


@router.get("/users")
def show_users(_: Admin, request: Request, ports: PortsGiven, did: str = "") -> Response:
    """Show all users, and a form for a new one."""
    return _users(request, ports, {"did": did})


@router.post("/users")
def add_user(
    _: Admin, request: Request, ports: PortsGiven, *, name: Text, role: Choice, password: Password
) -> Response:
    """Add a user."""
    try:
        _add(ports, name, role, password)
    except PetfectiorError as error:
        problem = problems.problem(request, error)
        return _users(
            request, ports, {"problem": problem, "form": {"name": name, "role": role}}, problem.status
        )
    return RedirectResponse("/config/users?did=saved", SEE_OTHER)


@router.post("/users/{name}/role")
def change_role(_: Admin, request: Request, ports: PortsGiven, name: str, role: Choice) -> Response:
    """Give a user another role."""
    return _tried(request, ports, lambda: users.change(ports.registry, name, role=role))


@router.post("/users/{name}/password")
def set_password(_: Admin, request: Request, ports: PortsGiven, name: str, password: Password) -> Response:
    """Give a user another password."""
    return _tried(request, ports, lambda: users.set_password(ports.registry, name, password))


@router.post("/users/{name}/{action}")
def act_on_user(_: Admin, request: Request, ports: PortsGiven, name: str, action: str) -> Response:
    """Disable, enable or remove a user."""
    acts = {
        "disable": lambda: users.change(ports.registry, name, disabled=True),
        "enable": lambda: users.change(ports.registry, name, disabled=False),
        "remove": lambda: users.remove(ports.registry, name),
    }
    if action not in acts:
        raise NotFound("page-unknown")
    return _tried(request, ports, acts[action])


@router.get("/tokens")
def show_tokens(_: Admin, request: Request, ports: PortsGiven, did: str = "") -> Response:
    """Show all tokens, and a form for a new one."""
    return _tokens(request, ports, {"did": did})


@router.post("/tokens")
def make_token(
    person: Admin, request: Request, ports: PortsGiven, *, name: Text, scope: Choice, days: Text = ""
) -> Response:
    """Make a token and show its secret, this once."""
    form = {"name": name, "scope": scope, "days": days}
    try:
        lasts = float(days) if days else None
        secret, _ = tokens.issue(ports.registry, name, scope, lasts, person.name)
    except (ValueError, PetfectiorError) as error:
        known = error if isinstance(error, PetfectiorError) else Rejected("token-not-made")
        problem = problems.problem(request, known)
        return _tokens(request, ports, {"problem": problem, "form": form}, problem.status)
    return _tokens(request, ports, {"secret": secret})


@router.post("/tokens/{name}/revoke")
def revoke_token(_: Admin, ports: PortsGiven, name: str) -> Response:
    """Revoke a token."""
    tokens.revoke(ports.registry, name)
    return RedirectResponse("/config/tokens?did=removed", SEE_OTHER)


def _add(ports: Ports, name: str, role: Role, password: SecretStr) -> None:
    try:
        users.add(ports.registry, name, role, password)
    except ValidationError as error:
        raise Rejected("user-name-invalid") from error


def _tried(request: Request, ports: Ports, act: Callable[[], object]) -> Response:
    try:
        act()
    except PetfectiorError as error:
        problem = problems.problem(request, error)
        return _users(request, ports, {"problem": problem}, problem.status)
    return RedirectResponse("/config/users?did=saved", SEE_OTHER)


def _users(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    frame: dict[str, object] = {
        "pages": PAGES,
        "here": "users",
        "users": users.all_users(ports.registry),
        "did": "",
        "form": {},
    }
    return page(request, "config_users.html", frame | context, status)


def _tokens(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    frame: dict[str, object] = {
        "pages": PAGES,
        "here": "tokens",
        "tokens": tokens.all_tokens(ports.registry),
        "did": "",
        "form": {},
        "secret": "",
    }
    return page(request, "config_tokens.html", frame | context, status)

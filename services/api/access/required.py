"""What a route requires: every route names one of these, which a test holds them to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from petfectior.access.person import Person, Role
from services.api.access.identity import identify
from services.api.access.refusals import NotAllowed


def anyone() -> None:
    """Let everybody pass: nothing private is here."""


def viewer(request: Request) -> Person:
    """Require whoever may look, without patients' names."""
    return _require(request, Role.VIEWER)


def operator(request: Request) -> Person:
    """Require whoever may act on tasks and see patients' names."""
    return _require(request, Role.OPERATOR)


def admin(request: Request) -> Person:
    """Require whoever may change settings, devices and users."""
    return _require(request, Role.ADMIN)


Anyone = Annotated[None, Depends(anyone)]
Viewer = Annotated[Person, Depends(viewer)]
Operator = Annotated[Person, Depends(operator)]
Admin = Annotated[Person, Depends(admin)]


def _require(request: Request, role: Role) -> Person:
    person = identify(request)
    if not person.role.includes(role):
        raise NotAllowed("role-missing", role=role.value)
    return person

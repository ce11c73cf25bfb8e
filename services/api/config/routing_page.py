"""The routes: which series goes to which devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field, ValidationError

from petfectior import devices, routes, routing
from petfectior.errors import NotFound, PetfectiorError
from petfectior.pet import site_tracers
from petfectior.routes import MOST, Route, Table
from petfectior.service import Ports
from services.api import problems
from services.api.access.required import Admin
from services.api.config.sections import PAGES
from services.api.dependencies import PortsGiven
from services.api.rendering import page

router = APIRouter(include_in_schema=False, prefix="/config/routes")
SEE_OTHER: Final = 303
Text = Annotated[str, Form(max_length=256)]
Names = Annotated[list[Annotated[str, Field(max_length=64)]], Form(max_length=MOST)]
Revision = Annotated[int, Form(ge=0, le=2**31 - 1)]


@router.get("")
def show_routes(_: Admin, request: Request, ports: PortsGiven, edit: str = "", did: str = "") -> Response:
    """Show the routes in their order, and the form of one."""
    known = {route.name: route.model_dump() for route in routes.table(ports.registry).routes}
    return _page(
        request, ports, {"did": did, "old": edit if edit in known else "", "form": known.get(edit, {})}
    )


@router.post("")
def save_route(
    _: Admin,
    request: Request,
    ports: PortsGiven,
    *,
    revision: Revision,
    name: Text,
    old: Text = "",
    enabled: Text = "",
    calling_ae_title: Text = "",
    called_ae_title: Text = "",
    manufacturer: Text = "",
    model: Text = "",
    tracer: Text = "",
    destinations: Names = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Add a route at the end, or change the one called `old` in its place."""
    form = {
        "name": name.strip(),
        "enabled": bool(enabled),
        "calling_ae_title": calling_ae_title,
        "called_ae_title": called_ae_title,
        "manufacturer": manufacturer.strip(),
        "model": model.strip(),
        "tracer": tracer,
        "destinations": destinations,
    }

    def placed(table: Table) -> Table:
        return table.placed(Route.model_validate(form), old)

    return _changed(request, ports, revision, placed, {"old": old, "form": form}) or _saved("saved")


@router.post("/{name}/{action}")
def act_on_route(
    _: Admin, request: Request, ports: PortsGiven, name: str, action: str, *, revision: Revision
) -> Response:
    """Move a route up or down, or remove it."""
    acts: dict[str, Callable[[Table], Table]] = {
        "up": lambda table: table.moved(name, -1),
        "down": lambda table: table.moved(name, 1),
        "remove": lambda table: table.without(name),
    }
    if action not in acts:
        raise NotFound("page-unknown")
    said = "removed" if action == "remove" else "saved"
    return _changed(request, ports, revision, acts[action], {}) or _saved(said)


def _changed(
    request: Request,
    ports: Ports,
    revision: int,
    change: Callable[[Table], Table],
    context: dict[str, object],
) -> Response | None:
    """Change the table if it still is the one that the person saw; else return the page that says why not."""
    try:
        seen = routes.table(ports.registry).model_copy(update={"revision": revision})
        routing.save(ports.registry, change(seen))
    except (ValidationError, PetfectiorError) as error:
        problem = problems.of_form(request, error)
        return _page(request, ports, {**context, "problem": problem}, problem.status)
    return None


def _saved(did: str) -> Response:
    return RedirectResponse(f"/config/routes?did={did}", SEE_OTHER)


def _page(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    frame: dict[str, object] = {
        "pages": PAGES,
        "here": "routes",
        "table": routes.table(ports.registry),
        "receivers": [one.name for one in devices.all_devices(ports.registry) if one.receiver],
        "tracers": [row.name for row in site_tracers.table(ports.registry)],
        "quote": quote,
        "did": "",
        "old": "",
        "form": {},
    }
    return page(request, "config_routes.html", frame | context, status)

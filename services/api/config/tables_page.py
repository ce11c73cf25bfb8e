"""Tracers and post-filters of the site."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from petfectior.errors import PetfectiorError
from petfectior.pet import filter_rules, site_tracers
from petfectior.pet.filter_rules import Rule
from petfectior.pet.radionuclides import RADIONUCLIDES
from petfectior.pet.tracers import PUBLISHED, SEED, Tracer
from petfectior.service import Ports
from services.api import problems
from services.api.access.required import Admin
from services.api.config.sections import PAGES
from services.api.dependencies import PortsGiven
from services.api.rendering import page

router = APIRouter(include_in_schema=False, prefix="/config")
SEE_OTHER: Final = 303
Text = Annotated[str, Form(max_length=2000)]


@router.get("/tracers")
def show_tracers(_: Admin, request: Request, ports: PortsGiven, edit: str = "", did: str = "") -> Response:
    """Show the site's rows and the seed's, and the form of one."""
    known = {row.name: row.model_dump() for row in site_tracers.table(ports.registry)}
    return _tracers(request, ports, {"did": did, "form": known.get(edit, {})})


@router.post("/tracers")
def save_tracer(
    _: Admin,
    request: Request,
    ports: PortsGiven,
    *,
    name: Text,
    radionuclide: Text,
    synonyms: Text = "",
    published: Text = "",
) -> Response:
    """Store a row of the site's."""
    names = tuple(one.strip() for one in synonyms.split(";") if one.strip())
    form = {"name": name.strip(), "radionuclide": radionuclide, "synonyms": names, "published": published}
    try:
        site_tracers.save(ports.registry, Tracer.model_validate(form))
    except ValidationError as error:
        problem = problems.of_form(request, error)
        return _tracers(request, ports, {"problem": problem, "form": form}, problem.status)
    return RedirectResponse("/config/tracers?did=saved", SEE_OTHER)


@router.post("/tracers/{name}/remove")
def remove_tracer(_: Admin, ports: PortsGiven, name: str) -> Response:
    """Remove a row of the site's."""
    site_tracers.remove(ports.registry, name)
    return RedirectResponse("/config/tracers?did=removed", SEE_OTHER)


@router.post("/senders")
def set_sender(_: Admin, request: Request, ports: PortsGiven, ae_title: Text, tracer: Text = "") -> Response:
    """Say which tracer a sender means where its headers state none."""
    try:
        site_tracers.set_default(ports.registry, ae_title.strip(), tracer)
    except PetfectiorError as error:
        problem = problems.of_form(request, error)
        return _tracers(request, ports, {"problem": problem}, problem.status)
    return RedirectResponse("/config/tracers?did=saved", SEE_OTHER)


@router.get("/filters")
def show_filters(_: Admin, request: Request, ports: PortsGiven, edit: str = "", did: str = "") -> Response:
    """Show the rules, and the form of one."""
    known = {rule.name: rule.model_dump() for rule in filter_rules.rules(ports.registry)}
    return _filters(request, ports, {"did": did, "form": known.get(edit, {})})


@router.post("/filters")
async def save_filter(_: Admin, request: Request, ports: PortsGiven) -> Response:
    """Store a rule; one of the same name is replaced."""
    sent = await request.form(max_files=0, max_fields=20)
    form: dict[str, object] = {name: str(value).strip() for name, value in sent.items()}
    form["enabled"] = "enabled" in sent
    form["series_number"] = form.get("series_number") or None
    try:
        filter_rules.save(ports.registry, Rule.model_validate(form))
    except ValidationError as error:
        problem = problems.of_form(request, error)
        return _filters(request, ports, {"problem": problem, "form": form}, problem.status)
    return RedirectResponse("/config/filters?did=saved", SEE_OTHER)


@router.post("/filters/{name}/remove")
def remove_filter(_: Admin, ports: PortsGiven, name: str) -> Response:
    """Remove a rule."""
    filter_rules.remove(ports.registry, name)
    return RedirectResponse("/config/filters?did=removed", SEE_OTHER)


def _tracers(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    own = site_tracers.own_rows(ports.registry)
    senders = {one.key: one.value.get("tracer", "") for one in ports.registry.list(site_tracers.SENDER)}
    frame: dict[str, object] = {
        "pages": PAGES,
        "here": "tracers",
        "own": own,
        "seed": [row for row in SEED if row.name not in {one.name for one in own}],
        "senders": senders,
        "radionuclides": [one.name for one in RADIONUCLIDES],
        "published": sorted(PUBLISHED),
        "quote": quote,
        "did": "",
        "form": {},
    }
    return page(request, "config_tracers.html", frame | context, status)


def _filters(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    frame: dict[str, object] = {
        "pages": PAGES,
        "here": "filters",
        "rules": filter_rules.rules(ports.registry),
        "tracers": [row.name for row in site_tracers.table(ports.registry)],
        "quote": quote,
        "did": "",
        "form": {},
    }
    return page(request, "config_filters.html", frame | context, status)

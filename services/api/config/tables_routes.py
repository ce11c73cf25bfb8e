"""``/api/v1/tracers``, ``/api/v1/senders``, ``/api/v1/post-filters`` and ``/api/v1/routes``."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from petfectior import routes, routing
from petfectior.pet import filter_rules, site_tracers
from petfectior.pet.filter_rules import Rule
from petfectior.pet.tracers import Tracer
from petfectior.routes import Table
from services.api.access.required import Admin, Viewer
from services.api.dependencies import PortsGiven
from services.api.problems import answers

router = APIRouter(prefix="/api/v1", tags=["tables"])


class SenderTracer(BaseModel):
    """The tracer that a sender means where its headers state none."""

    model_config = ConfigDict(extra="forbid")

    tracer: str = Field(max_length=64, description="name in the table; empty takes it back")


@router.get("/tracers", responses=answers())
def list_tracers(_: Viewer, ports: PortsGiven) -> list[Tracer]:
    """Return the table in force: the site's rows before the seed's."""
    return site_tracers.table(ports.registry)


@router.put("/tracers", responses=answers(422))
def save_tracer(_: Admin, ports: PortsGiven, row: Tracer) -> Tracer:
    """Store a row of the site's; one of the same name is replaced."""
    return site_tracers.save(ports.registry, row)


@router.delete("/tracers/{name}", status_code=204, response_class=Response, responses=answers(404, 422))
def remove_tracer(_: Admin, ports: PortsGiven, name: str) -> None:
    """Remove a row of the site's."""
    site_tracers.remove(ports.registry, name)


@router.put("/senders/{ae_title}", responses=answers(404, 422))
def set_sender(_: Admin, ports: PortsGiven, ae_title: str, wanted: SenderTracer) -> SenderTracer:
    """Say which tracer a sender means where its headers state none."""
    site_tracers.set_default(ports.registry, ae_title, wanted.tracer)
    return SenderTracer(tracer=site_tracers.default_of(ports.registry, ae_title))


@router.get("/post-filters", responses=answers())
def list_filters(_: Viewer, ports: PortsGiven) -> list[Rule]:
    """Return all rules."""
    return filter_rules.rules(ports.registry)


@router.put("/post-filters", responses=answers(422))
def save_filter(_: Admin, ports: PortsGiven, rule: Rule) -> Rule:
    """Store a rule; one of the same name is replaced."""
    return filter_rules.save(ports.registry, rule)


@router.delete("/post-filters/{name}", status_code=204, response_class=Response, responses=answers(404, 422))
def remove_filter(_: Admin, ports: PortsGiven, name: str) -> None:
    """Remove a rule."""
    filter_rules.remove(ports.registry, name)


@router.get("/routes", responses=answers())
def show_routes(_: Viewer, ports: PortsGiven) -> Table:
    """Return the routes in their order, with the revision of the table."""
    return routes.table(ports.registry)


@router.put("/routes", responses=answers(409, 422))
def save_routes(_: Admin, ports: PortsGiven, table: Table) -> Table:
    """Store the whole table, in place of the one with the same revision."""
    return routing.save(ports.registry, table)

"""The page of the services: how they are, what is parked, and the switches."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from petfectior import actions, pauses
from petfectior.errors import NotFound
from petfectior.reasons import Reason
from petfectior.service import Ports
from services.api import processes
from services.api.access.required import Operator, Viewer
from services.api.dead_letters_routes import dead_letters
from services.api.dependencies import PortsGiven, language_of
from services.api.latency_chart import chart
from services.api.live import unless_seen
from services.api.rendering import page
from services.api.wording import Wording

router = APIRouter(include_in_schema=False)
SEE_OTHER: Final = 303


@router.get("/processes")
def show_processes(_: Viewer, request: Request, ports: PortsGiven, did: str = "") -> Response:
    """Show services, server and dead letters."""
    return page(request, "processes.html", _shown(request, ports) | {"did": did})


@router.get("/processes/live")
def show_live_processes(_: Viewer, request: Request, ports: PortsGiven) -> Response:
    """Show what may have changed, or nothing if the visitor has it already."""
    return unless_seen(request, page(request, "processes_live.html", _shown(request, ports)))


@router.post("/processes/{service}/{action}")
def switch(person: Operator, ports: PortsGiven, service: str, action: str) -> Response:
    """Pause or resume a service, or the server monitor."""
    if action == "pause":
        pauses.pause(ports.registry, service, person.name)
    elif action == "resume":
        pauses.resume(ports.registry, service)
    else:
        raise NotFound("page-unknown")
    return RedirectResponse(f"/processes?did={action}", SEE_OTHER)


@router.post("/processes/dead-letters/{queue}/{letter_id}/{action}")
def settle(person: Operator, ports: PortsGiven, *, queue: str, letter_id: str, action: str) -> Response:
    """Replay or discard a dead letter."""
    if action == "replay":
        actions.replay(ports.tasks, ports.bus, queue, letter_id, person.name)
    elif action == "discard":
        actions.discard(ports.bus, queue, letter_id)
    else:
        raise NotFound("page-unknown")
    return RedirectResponse(f"/processes?did={action}", SEE_OTHER)


def _shown(request: Request, ports: Ports) -> dict[str, object]:
    language = language_of(request)
    server = processes.monitor(ports)
    return {
        "services": processes.all_services(ports),
        "server": server,
        "server_cause": Wording(language).reason(Reason(code=server.cause)) if server.cause else "",
        "chart": chart([(look.at, look.latency) for look in server.history]),
        "letters": dead_letters(ports, language),
        "address": ports.settings().server_url,
    }

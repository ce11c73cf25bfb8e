"""``/api/v1/processes`` and ``/api/v1/server-monitor``."""

from __future__ import annotations

from fastapi import APIRouter

from petfectior import pauses
from services.api import processes
from services.api.access.required import Operator, Viewer
from services.api.dependencies import PortsGiven
from services.api.problems import answers
from services.api.processes import MonitorAnswer, ServiceAnswer

router = APIRouter(prefix="/api/v1", tags=["processes"])


@router.get("/processes", responses=answers())
def list_processes(_: Viewer, ports: PortsGiven) -> list[ServiceAnswer]:
    """Return every service with its replicas and its queue."""
    return processes.all_services(ports)


@router.get("/processes/{service}", responses=answers(404, 422))
def show_process(_: Viewer, ports: PortsGiven, service: str) -> ServiceAnswer:
    """Return one service."""
    return processes.one_service(ports, service)


@router.post("/processes/{service}/pause", responses=answers(404, 422))
def pause_process(person: Operator, ports: PortsGiven, service: str) -> ServiceAnswer:
    """Let a service take no further event, on all replicas and over restarts; what is in hand it finishes.

    The receiver rejects new associations, C-ECHO included, as a temporary congestion (PS3.8 9.3.4); senders
    try again. The web pages cannot be paused: nobody could resume them.
    """
    processes.one_service(ports, service)
    pauses.pause(ports.registry, service, person.name)
    return processes.one_service(ports, service)


@router.post("/processes/{service}/resume", responses=answers(404, 422))
def resume_process(_: Operator, ports: PortsGiven, service: str) -> ServiceAnswer:
    """Let a paused service go on."""
    processes.one_service(ports, service)
    pauses.resume(ports.registry, service)
    return processes.one_service(ports, service)


@router.get("/server-monitor", responses=answers())
def show_monitor(_: Viewer, ports: PortsGiven) -> MonitorAnswer:
    """Return whether the processing server answers, since when and how fast."""
    return processes.monitor(ports)


@router.post("/server-monitor/stop", responses=answers())
def stop_monitor(person: Operator, ports: PortsGiven) -> MonitorAnswer:
    """Ask for the server no more; series are still processed."""
    pauses.pause(ports.registry, pauses.MONITOR, person.name)
    return processes.monitor(ports)


@router.post("/server-monitor/start", responses=answers())
def start_monitor(_: Operator, ports: PortsGiven) -> MonitorAnswer:
    """Ask for the server again."""
    pauses.resume(ports.registry, pauses.MONITOR)
    return processes.monitor(ports)

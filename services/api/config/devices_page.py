"""Remote DICOM devices: list, change, test."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from petfectior import devices
from petfectior.devices import Device
from petfectior.errors import Conflict, PetfectiorError
from petfectior.service import Ports
from services.api import problems
from services.api.access.required import Admin
from services.api.config.sections import PAGES
from services.api.dependencies import PortsGiven, language_of
from services.api.devices_routes import echo
from services.api.rendering import page

router = APIRouter(include_in_schema=False, prefix="/config/devices")
SEE_OTHER: Final = 303
Text = Annotated[str, Form(max_length=256)]


@router.get("")
def show_devices(_: Admin, request: Request, ports: PortsGiven, edit: str = "", did: str = "") -> Response:
    """Show all devices, and the form of one."""
    known = {device.name: device.model_dump() for device in devices.all_devices(ports.registry)}
    return _page(
        request, ports, {"did": did, "old": edit if edit in known else "", "form": known.get(edit, {})}
    )


@router.post("")
def save_device(  # noqa: PLR0917 - the form's fields
    _: Admin,
    request: Request,
    ports: PortsGiven,
    name: Text,
    ae_title: Text,
    address: Text,
    port: Text,
    old: Text = "",
    destination: Text = "",
    sender: Text = "",
    receiver: Text = "",
    tls: Text = "",
) -> Response:
    """Add a device, or change the one called `old`."""
    form = {
        "name": name,
        "ae_title": ae_title,
        "address": address,
        "port": port,
        "destination": bool(destination),
        "sender": bool(sender),
        "receiver": bool(receiver),
        "tls": bool(tls),
    }
    try:
        device = Device.model_validate(form)
        devices.replace(ports.registry, old, device) if old else devices.add(ports.registry, device)
    except (ValidationError, PetfectiorError) as error:
        problem = problems.of_form(request, error)
        return _page(request, ports, {"problem": problem, "old": old, "form": form}, problem.status)
    return RedirectResponse("/config/devices?did=saved", SEE_OTHER)


@router.post("/{name}/remove")
def remove_device(_: Admin, request: Request, ports: PortsGiven, name: str) -> Response:
    """Forget a device that no route sends to."""
    try:
        devices.remove(ports.registry, name)
    except Conflict as error:
        problem = problems.of_form(request, error)
        return _page(request, ports, {"problem": problem}, problem.status)
    return RedirectResponse("/config/devices?did=removed", SEE_OTHER)


@router.post("/{name}/echo")
def try_device(_: Admin, request: Request, ports: PortsGiven, name: str) -> Response:
    """Send a C-ECHO and say what came of it."""
    answer = echo(ports, devices.get(ports.registry, name), language_of(request))
    return _page(request, ports, {"tested": name, "answer": answer})


def _page(request: Request, ports: Ports, context: dict[str, object], status: int = 200) -> Response:
    known = devices.all_devices(ports.registry)
    shown: dict[str, object] = {"tested": "", "answer": None, "did": "", "old": "", "form": {}}
    frame = {"pages": PAGES, "here": "devices", "devices": known, "quote": quote}
    return page(request, "config_devices.html", shown | frame | context, status)

"""``/api/v1/devices``: the remote DICOM devices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from petfectior import devices
from petfectior.devices import Device
from petfectior.dicom import verification
from petfectior.errors import PetfectiorError
from petfectior.reasons import Reason
from petfectior.service import Ports
from services.api.access.required import Admin, Operator, Viewer
from services.api.dependencies import Language, PortsGiven
from services.api.phrases import explained
from services.api.problems import answers

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])
Name = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("", responses=answers())
def list_devices(_: Viewer, ports: PortsGiven) -> list[Device]:
    """Return all devices, by name."""
    return devices.all_devices(ports.registry)


@router.post("", status_code=201, responses=answers(409, 422))
def add_device(_: Admin, ports: PortsGiven, device: Device) -> Device:
    """Add a device under a new name."""
    return devices.add(ports.registry, device)


@router.get("/{name}", responses=answers(404, 422))
def show_device(_: Viewer, ports: PortsGiven, name: Name) -> Device:
    """Return one device."""
    return devices.get(ports.registry, name)


@router.put("/{name}", responses=answers(404, 409, 422))
def replace_device(_: Admin, ports: PortsGiven, name: Name, device: Device) -> Device:
    """Change a device; it may get another name."""
    return devices.replace(ports.registry, name, device)


class EchoAnswer(BaseModel):
    """What came of a C-ECHO."""

    answers: bool
    seconds: float | None
    reason_code: str
    reason: str = Field(description="what was found, and what to do about it")


@router.post("/{name}/echo", responses=answers(404, 422))
def try_device(_: Operator, ports: PortsGiven, name: Name, language: Language) -> EchoAnswer:
    """Send a C-ECHO to a device, as the gateway's own AE title."""
    return echo(ports, devices.get(ports.registry, name), language)


def echo(ports: Ports, device: Device, language: str) -> EchoAnswer:
    """Send a C-ECHO to a device and put what came of it in words."""
    try:
        seconds = verification.verify(device.as_destination(), ports.base)
    except PetfectiorError as error:
        reason, spent = error.reason, None
    else:
        reason, spent = Reason(code="device-answers"), round(seconds, 3)
    said = explained(reason, language)
    return EchoAnswer(answers=spent is not None, seconds=spent, reason_code=reason.code, reason=said)


@router.delete("/{name}", status_code=204, response_class=Response, responses=answers(404, 409, 422))
def remove_device(_: Admin, ports: PortsGiven, name: Name) -> None:
    """Forget a device that no route sends to; running deliveries to it go on."""
    devices.remove(ports.registry, name)

"""The remote DICOM devices that a site knows: who may be answered and who is always sent to."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from petfectior import routes
from petfectior.dicom.ae_title import AeTitle
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Registry
from petfectior.task import Destination

KIND: Final = "device"
_HOST_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def _address(value: str) -> str:
    host = value.strip()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        labels = host.rstrip(".").split(".")
    # A host whose last label is a number is a mistyped IPv4 address.
    if labels[-1].isdecimal() or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        raise ValueError("an address is an IP address or a host name")
    return host.lower()


class Device(BaseModel):
    """A remote application entity.

    Parameters
    ----------
    name
        What people call it; unique.
    ae_title
        1 to 16 characters of VR AE (PS3.5 6.2); surrounding spaces mean nothing.
    address
        IP address or host name.
    destination
        True if every derived series is sent to it, whoever sent the original.
    sender
        True if it may associate with this node. A device that may not is refused; see also the setting
        ``known_senders_only``.
    receiver
        True if this node may send to it.
    tls
        True if associations with it, in both directions, are DICOM TLS ones only (PS3.15 B).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=64, pattern=r"^\w[^\x00-\x1f/]*$")
    ae_title: AeTitle
    address: Annotated[str, AfterValidator(_address)]
    port: int = Field(ge=1, le=65535)
    destination: bool = False
    sender: bool = True
    receiver: bool = True
    tls: bool = False

    def as_destination(self) -> Destination:
        """Return the device as a delivery keeps it."""
        return Destination(
            name=self.name, ae_title=self.ae_title, address=self.address, port=self.port, tls=self.tls
        )


def addresses(host: str) -> frozenset[str]:
    """Return the IP addresses of a device's host as `plain` text; none if its name does not resolve."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return frozenset()
    return frozenset(map(plain, found))


def plain(address: str) -> str:
    """Return the canonical text; an IPv4 peer on a dual-stack socket shows as ``::ffff:a.b.c.d``."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


def all_devices(registry: Registry) -> list[Device]:
    """Return all devices, by name."""
    return [Device.model_validate(record.value) for record in registry.list(KIND)]


def get(registry: Registry, name: str) -> Device:
    """Return one device. Raises `NotFound`."""
    return Device.model_validate(registry.get(KIND, name).value)


def add(registry: Registry, device: Device) -> Device:
    """Store a new device.

    Raises
    ------
    Conflict
        If the name is taken.
    """
    try:
        registry.put(KIND, device.name, device.model_dump(mode="json"), revision=0)
    except Conflict as taken:
        raise Conflict("device-exists") from taken
    return device


def replace(registry: Registry, name: str, device: Device) -> Device:
    """Store `device` in place of the one called `name`, which may be another name; its routes follow.

    Raises
    ------
    NotFound
        If there is no such device.
    Conflict
        If the new name is taken, another person changed the device or the routes meanwhile, or it is no
        longer to be sent to but a route says so.
    """
    stored = registry.get(KIND, name)
    if not device.receiver:
        _require_unrouted(registry, name)
    if device.name == name:
        registry.put(KIND, name, device.model_dump(mode="json"), revision=stored.revision)
    else:
        add(registry, device)
        routes.rename(registry, name, device.name)
        registry.delete(KIND, name, revision=stored.revision)
    return device


def remove(registry: Registry, name: str) -> None:
    """Forget a device; deliveries that were made for it keep their own copy.

    Raises
    ------
    NotFound
        If there is no such device.
    Conflict
        ``device-in-route`` if a route sends to it.
    """
    if not any(record.key == name for record in registry.list(KIND)):
        raise NotFound("device-unknown")
    _require_unrouted(registry, name)
    registry.delete(KIND, name)


def _require_unrouted(registry: Registry, name: str) -> None:
    count = sum(name in route.destinations for route in routes.table(registry).routes)
    if count:
        raise Conflict("device-in-route", count=count)

"""Looks at everything that a gateway needs, and says of each thing how it is and what to do.

It looks from where it runs: the command line from its machine, the page from the api's.
"""

from __future__ import annotations

import ipaddress
import shutil
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Literal

import requests
from pydantic import BaseModel, Field

from petfectior import __version__, certificate, devices, heartbeat
from petfectior.devices import Device, plain
from petfectior.errors import PetfectiorError
from petfectior.ports import TaskQuery
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.settings import loopback, require_secure
from petfectior.supervisor import SERVICES

# ruff: noqa: PLC0415 - not every service's image has pynetdicom

Verdict = Literal["good", "warning", "bad"]
CALL_SECONDS: Final = 10.0
CLOCK_SECONDS: Final = 60.0
CERTIFICATE_DAYS: Final = 30
DISK_WARNING: Final = 0.1
RECENT: Final = 200
ROUTES: Final = Path("/proc/net/route")


class Finding(BaseModel):
    """What was found of one thing.

    Parameters
    ----------
    subject
        Which device, service or file, where there are several.
    """

    check: str
    verdict: Verdict
    subject: str = ""
    reason: Reason = Field(description="what was found, and what to do about it")


def examine(ports: Ports) -> list[Finding]:
    """Look at everything; the slow looks at the network go side by side."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        asked = [pool.submit(_echo, ports, device) for device in devices.all_devices(ports.registry)]
        server = pool.submit(lambda: list(_server(ports)))
        found = [finding for look in LOOKS for finding in look(ports)]
        return [*found, *server.result(), *(one.result() for one in asked)]


def _finding(check: str, verdict: Verdict, code: str, subject: str = "", **params: str | float) -> Finding:
    return Finding(check=check, verdict=verdict, subject=subject, reason=Reason(code=code, params=params))


def _services(ports: Ports) -> Iterator[Finding]:
    replicas = heartbeat.replicas(ports.registry).values()
    alive = [one for one in replicas if one.alive(time.time())]
    for service in SERVICES:
        versions = {one.version for one in alive if one.service == service}
        if not versions:
            yield _finding("service", "bad", "doctor-service-silent", service)
        elif versions != {__version__}:
            yield _finding("service", "warning", "doctor-versions-differ", service, version=__version__)
        else:
            yield _finding("service", "good", "doctor-service-alive", service, version=__version__)


def _dicom_port(ports: Ports) -> Iterator[Finding]:
    host, port = ports.base.scp_address, ports.base.dicom_port
    try:
        with socket.create_connection((host, port), timeout=CALL_SECONDS):
            yield _finding("dicom-port", "good", "doctor-port-open", port=port)
    except OSError:
        yield _finding("dicom-port", "bad", "doctor-port-closed", port=port)


def _titles(ports: Ports) -> Iterator[Finding]:
    known = devices.all_devices(ports.registry)
    if not known:
        yield _finding("ae-titles", "warning", "doctor-no-devices")
    own = [one.name for one in known if one.ae_title == ports.base.ae_title]
    for name in own:
        yield _finding("ae-titles", "warning", "doctor-own-title", name)
    ends = [(one.ae_title, one.address, one.port) for one in known]
    for one in known:
        if ends.count((one.ae_title, one.address, one.port)) > 1:
            yield _finding("ae-titles", "warning", "doctor-device-twice", one.name)
    if known and not own and len(set(ends)) == len(ends):
        yield _finding("ae-titles", "good", "doctor-titles-good", count=len(known))


def _senders(ports: Ports) -> Iterator[Finding]:
    """Mirror mode knows a sender by its address: behind a gateway's all senders look the same."""
    if not ports.settings().mirror_mode:
        return
    recent = ports.tasks.find(TaskQuery(limit=RECENT))
    seen: dict[str, set[str]] = {}
    for task in recent:
        seen.setdefault(plain(task.source.address), set()).add(task.source.calling_ae_title)
    router = _default_route()
    for address, titles in seen.items():
        if address == router:
            yield _finding("mirror-mode", "warning", "doctor-gateway-address", address)
        elif len(titles) > 1:
            yield _finding("mirror-mode", "warning", "doctor-address-shared", address, count=len(titles))
    if seen and router not in seen and all(len(titles) == 1 for titles in seen.values()):
        yield _finding("mirror-mode", "good", "doctor-senders-distinct", count=len(seen))


def _default_route() -> str:
    """Return the address of this machine's (or container's) router; empty if there is none."""
    try:
        lines = [line.split() for line in ROUTES.read_text().splitlines()[1:]]
    except OSError:
        return ""
    routers = [line[2] for line in lines if len(line) > 2 and line[1] == "00000000"]  # noqa: PLR2004 - columns
    return str(ipaddress.IPv4Address(struct.pack("<L", int(routers[0], 16)))) if routers else ""


def _disk(ports: Ports) -> Iterator[Finding]:
    for place in dict.fromkeys([ports.base.data_dir, ports.base.spool]):
        if not place.exists():
            continue
        usage = shutil.disk_usage(place)
        free = round(usage.free / (1 << 30), 1)
        low = ports.settings().disk_low_bytes
        if usage.free < low:
            yield _finding("disk", "bad", "doctor-disk-full", place.name, free=free)
        elif usage.free < usage.total * DISK_WARNING:
            yield _finding("disk", "warning", "doctor-disk-low", place.name, free=free)
        else:
            yield _finding("disk", "good", "doctor-disk-good", place.name, free=free)


def _pages(ports: Ports) -> Iterator[Finding]:
    try:
        files = certificate.files(ports.base)
    except PetfectiorError as error:
        yield Finding(check="https", verdict="bad", reason=error.reason)
        return
    if files is None:
        here = loopback(ports.base.api_host)
        yield _finding(
            "https", "good" if here else "warning", "doctor-loopback" if here else "doctor-no-https"
        )
        return
    days = certificate.days_left(files[0])
    verdict: Verdict = "good" if days > CERTIFICATE_DAYS else "warning" if days > 0 else "bad"
    yield _finding("https", verdict, "doctor-certificate-days", days=round(days))


def _server(ports: Ports) -> Iterator[Finding]:
    settings = ports.settings()
    if not settings.server_url:
        yield _finding("server", "bad", "server-not-configured")
        return
    try:
        require_secure(settings.server_url)
        began = time.time()
        with requests.Session() as session:
            session.verify = settings.server_ca or True
            session.cert = settings.server_client_certificate or None
            session.headers["Authorization"] = f"Bearer {settings.server_token.get_secret_value()}"
            if proxy := settings.proxy_url.get_secret_value():
                session.proxies = {"http": proxy, "https": proxy, "no_proxy": settings.no_proxy}
            base = settings.server_url.rstrip("/")
            health = session.get(f"{base}/v1/health", timeout=CALL_SECONDS)
            yield from _clock(health, (began + time.time()) / 2)
            question = {"client": settings.client_id, "tracer": "FDG", "radionuclide": "18F"}
            body = question | {"manufacturer": "other", "model": "other", "requested_model": settings.model}
            asked = session.post(
                f"{base}/v1/eligibility", json=body | {"reconstruction": {}}, timeout=CALL_SECONDS
            )
    except PetfectiorError as error:
        yield Finding(check="server", verdict="bad", reason=error.reason)
    except requests.exceptions.SSLError:
        yield _finding("server", "bad", "server-tls-failed")
    except (requests.RequestException, OSError):
        yield _finding("server", "bad", "doctor-server-silent")
    else:
        yield _eligible(asked)


def _eligible(answer: requests.Response) -> Finding:
    if answer.ok:
        return _finding("server", "good", "doctor-server-eligible")
    if answer.status_code == requests.codes.unauthorized:
        return _finding("server", "bad", "doctor-token-refused")
    return _finding("server", "warning", "doctor-not-eligible", status=answer.status_code)


def _clock(answer: requests.Response, here: float) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return
    apart = abs(there - here)
    good = apart < CLOCK_SECONDS
    yield _finding(
        "clock",
        "good" if good else "warning",
        "doctor-clock-good" if good else "doctor-clock",
        seconds=round(apart),
    )


def _echo(ports: Ports, device: Device) -> Finding:
    try:
        from petfectior.dicom import verification
    except ImportError:
        return _finding("c-echo", "warning", "doctor-no-pynetdicom", device.name)
    try:
        verification.verify(device.as_destination(), ports.base)
    except PetfectiorError as error:
        return Finding(check="c-echo", verdict="bad", subject=device.name, reason=error.reason)
    return _finding("c-echo", "good", "device-answers", device.name)


LOOKS: Final[tuple[Callable[[Ports], Iterator[Finding]], ...]] = (
    _services,
    _dicom_port,
    _titles,
    _senders,
    _disk,
    _pages,
)

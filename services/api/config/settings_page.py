"""Forms of settings: each is checked as a whole before any of it is stored."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import JsonValue, SecretStr, ValidationError
from starlette.datastructures import FormData

from petfectior import settings
from petfectior.errors import NotFound, PetfectiorError
from petfectior.service import Ports
from petfectior.settings import Settings
from services.api import faults
from services.api.access.required import Admin
from services.api.config.sections import PAGES, SECTIONS, Section
from services.api.dependencies import PortsGiven, language_of
from services.api.phrases import explained
from services.api.rendering import page

router = APIRouter(include_in_schema=False)
SEE_OTHER: Final = 303
UNPROCESSABLE: Final = 422


@dataclass(frozen=True)
class Field:
    """One field of a form, as the template shows it."""

    name: str
    label: str
    remark: str
    kind: Literal["text", "secret", "number", "switch", "choice", "pairs"]
    value: str
    choices: tuple[str, ...]
    fixed: bool
    present: bool
    error: str


@router.get("/config")
def show_config(_: Admin) -> Response:
    """Lead to the first page."""
    return RedirectResponse(f"/config/{next(iter(SECTIONS))}", SEE_OTHER)


@router.get("/config/dicom")
def show_local_ae(_: Admin, request: Request, ports: PortsGiven) -> Response:
    """Show what a scanner's operator has to enter."""
    context = {"pages": PAGES, "here": "dicom", "base": ports.base, "addresses": own_addresses()}
    return page(request, "config_dicom.html", context)


@router.get("/config/{key}")
def show_section(_: Admin, request: Request, ports: PortsGiven, key: str, did: str = "") -> Response:
    """Show a form of settings."""
    return _form(request, ports, _section(key), {}, {}, did)


@router.post("/config/{key}")
async def change_section(_: Admin, request: Request, ports: PortsGiven, key: str) -> Response:
    """Store what was changed, if all of it fits."""
    section = _section(key)
    values = _sent(ports, section, await request.form())
    wrong = _faults(ports, values, language_of(request))
    if wrong:
        return _form(request, ports, section, values, wrong)
    for name, value in values.items():
        ports.registry.put(settings.KIND, name, {"value": value})
    return RedirectResponse(f"/config/{key}?did=saved", SEE_OTHER)


def own_addresses() -> list[str]:
    """Return the addresses by which other machines may reach this one, the likeliest first."""
    found = [_outward()] if _outward() else []
    try:
        listed = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        listed = []
    found += [str(entry[4][0]) for entry in listed]
    return [one for one in dict.fromkeys(found) if not one.startswith("127.")]


def _outward() -> str:
    """Return the address of the interface with the default route; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _section(key: str) -> Section:
    if key not in SECTIONS:
        raise NotFound("page-unknown")
    return SECTIONS[key]


def _form(  # noqa: PLR0917 - what is shown
    request: Request,
    ports: Ports,
    section: Section,
    sent: dict[str, JsonValue],
    wrong: dict[str, str],
    did: str = "",
) -> Response:
    current = settings.effective(ports.base, ports.registry)
    fields = [_field(ports.base, current, section, name, sent, wrong) for name in section.names]
    context = {"pages": PAGES, "here": section.key, "section": section, "fields": fields, "did": did}
    return page(request, "config_settings.html", context, UNPROCESSABLE if wrong else 200)


def _field(  # noqa: PLR0917 - what is shown
    base: Settings,
    current: Settings,
    section: Section,
    name: str,
    sent: dict[str, JsonValue],
    wrong: dict[str, str],
) -> Field:
    value: Any = getattr(current, name)
    secret = isinstance(value, SecretStr)
    label, remark = section.names[name]
    return Field(
        name=name,
        label=label,
        remark=remark,
        kind=_kind(name),
        value="" if secret else _shown(sent.get(name, value)),
        choices=get_args(_type(name)) if get_origin(_type(name)) is Literal else (),
        fixed=name in base.model_fields_set,
        present=bool(value.get_secret_value() if secret else value),
        error=wrong.get(name, ""),
    )


def _type(name: str) -> Any:  # noqa: ANN401 - a type annotation
    return Settings.model_fields[name].annotation


def _kind(name: str) -> Literal["text", "secret", "number", "switch", "choice", "pairs"]:
    kind = _type(name)
    if kind is bool:
        return "switch"
    if kind is SecretStr:
        return "secret"
    if kind in {int, float}:
        return "number"
    if get_origin(kind) is Literal:
        return "choice"
    return "pairs" if get_origin(kind) is dict else "text"


def _shown(value: Any) -> str:  # noqa: ANN401 - a setting's value
    if isinstance(value, dict):
        return "\n".join(f"{name} = {number:g}" for name, number in value.items())
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _sent(ports: Ports, section: Section, form: FormData) -> dict[str, JsonValue]:
    """Return the values that differ from those in force; a secret that is left empty stays."""
    current = settings.effective(ports.base, ports.registry).model_dump(mode="json")
    changed: dict[str, JsonValue] = {}
    for name in section.names:
        if name in ports.base.model_fields_set:
            continue
        value = _read(name, form)
        if value is not None and value != current[name]:
            changed[name] = value
    return changed


def _read(name: str, form: FormData) -> JsonValue:
    text = str(form.get(name, "")).strip()
    match _kind(name):
        case "switch":
            return name in form
        case "secret":
            return "" if f"{name}.remove" in form else text or None
        case "number":
            return _number(text)
        case "pairs":
            return _pairs(text)
        case _:
            return text


def _number(text: str) -> JsonValue:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _pairs(text: str) -> JsonValue:
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {name.strip(): _number(value.strip()) for name, _, value in pairs}


def _faults(ports: Ports, values: dict[str, JsonValue], language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        try:
            settings.check(ports.base, name, value)
        except ValidationError as error:
            found[name] = faults.text(error.errors()[0], language)
        except PetfectiorError as error:
            found[name] = explained(error.reason, language)
    return found

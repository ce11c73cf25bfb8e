"""``/api/v1/settings``: what may be changed while the services run, and what was fixed at start."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError

from petfectior import settings
from petfectior.errors import Conflict, NotFound
from petfectior.settings import Settings
from services.api.access.required import Admin
from services.api.dependencies import PortsGiven
from services.api.problems import answers

router = APIRouter(prefix="/api/v1/settings", tags=["settings"])


class SettingAnswer(BaseModel):
    """One setting. A secret's value is never told, only whether there is one."""

    name: str
    value: JsonValue = Field(description="null for a secret")
    secret: bool
    present: bool = Field(description="whether the value is other than empty")
    fixed: bool = Field(description="set by the environment: wins over what is stored")
    changeable: bool = Field(description="may be changed here, effective without a restart")
    description: str


class SettingChange(BaseModel):
    """The new value of a setting."""

    model_config = ConfigDict(extra="forbid")

    value: JsonValue


@router.get("", responses=answers())
def list_settings(_: Admin, ports: PortsGiven) -> list[SettingAnswer]:
    """Return all settings as they are in effect."""
    current = settings.effective(ports.base, ports.registry)
    return [_answer(ports.base, current, name) for name in Settings.model_fields]


@router.get("/{name}", responses=answers(404, 422))
def show_setting(_: Admin, ports: PortsGiven, name: str) -> SettingAnswer:
    """Return one setting as it is in effect."""
    if name not in Settings.model_fields:
        raise NotFound("setting-unknown")
    return _answer(ports.base, settings.effective(ports.base, ports.registry), name)


@router.put("/{name}", responses=answers(404, 409, 422))
def change_setting(_: Admin, ports: PortsGiven, name: str, change: SettingChange) -> SettingAnswer:
    """Store a value; every service goes by it from its next task on."""
    try:
        settings.store(ports.base, ports.registry, name, change.value)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    return _answer(ports.base, settings.effective(ports.base, ports.registry), name)


@router.delete("/{name}", responses=answers(404, 409, 422))
def reset_setting(_: Admin, ports: PortsGiven, name: str) -> SettingAnswer:
    """Forget the stored value: the default is in effect again."""
    if name not in settings.stored_names():
        raise NotFound("setting-unknown")
    if name in ports.base.model_fields_set:
        raise Conflict("setting-fixed-by-environment", name=name)
    ports.registry.delete(settings.KIND, name)
    return _answer(ports.base, settings.effective(ports.base, ports.registry), name)


def _answer(base: Settings, current: Settings, name: str) -> SettingAnswer:
    value = getattr(current, name)
    secret = isinstance(value, SecretStr)
    fixed = name in base.model_fields_set
    return SettingAnswer(
        name=name,
        value=None if secret else current.model_dump(mode="json", include={name})[name],
        secret=secret,
        present=bool(value.get_secret_value() if isinstance(value, SecretStr) else value),
        fixed=fixed,
        changeable=name in settings.stored_names() and not fixed,
        description=Settings.model_fields[name].description or "",
    )

"""How the services are: what their replicas, queues, pauses and logs tell."""

from __future__ import annotations

import time
from typing import Final, Literal

from pydantic import BaseModel, Field, JsonValue

from petfectior import heartbeat, pauses
from petfectior.errors import NotFound
from petfectior.heartbeat import Replica
from petfectior.journal import Kind, Search
from petfectior.ports import QueueDepth
from petfectior.service import Ports
from petfectior.supervisor import SERVICES
from petfectior.topology import QUEUES

MONITORED: Final = ("server-monitor", "server")
State = Literal["running", "paused", "gone"]


class ReplicaAnswer(BaseModel):
    """One process of a service."""

    name: str
    alive: bool
    version: str
    started: float
    beat: float = Field(description="last heartbeat")
    per_minute: float | None = Field(description="events handled, over the last minute")
    data_free: int
    data_total: int
    spool_bytes: int | None
    spool_parts: int | None


class LastError(BaseModel):
    """The newest error in a service's log."""

    at: float
    event: str
    code: str


class ServiceAnswer(BaseModel):
    """One service: its replicas and its queue."""

    name: str
    state: State
    pausable: bool
    paused_by: str | None
    paused_at: float | None
    replicas: list[ReplicaAnswer]
    queue: QueueDepth | None
    last_error: LastError | None


class Look(BaseModel):
    """One look at the server."""

    at: float
    latency: float | None = Field(description="seconds; null where there was no answer")


class MonitorAnswer(BaseModel):
    """What is known of the processing server."""

    running: bool = Field(description="whether it is asked for at all")
    state: Literal["alive", "not-available", "unknown"]
    cause: str = ""
    since: float | None = None
    checked: float | None = None
    latency: float | None = None
    version: str = ""
    history: list[Look] = Field(default_factory=list, description="of the last hours, the oldest first")


def all_services(ports: Ports) -> list[ServiceAnswer]:
    """Return every service, whether it runs or not."""
    replicas = heartbeat.replicas(ports.registry)
    paused = pauses.all_pauses(ports.registry)
    return [_service(ports, name, replicas, paused.get(name)) for name in SERVICES]


def one_service(ports: Ports, name: str) -> ServiceAnswer:
    """Return one service. Raises `NotFound`."""
    if name not in SERVICES:
        raise NotFound("service-unknown")
    paused = pauses.all_pauses(ports.registry).get(name)
    return _service(ports, name, heartbeat.replicas(ports.registry), paused)


def monitor(ports: Ports) -> MonitorAnswer:
    """Return what the server monitor found last."""
    running = pauses.MONITOR not in pauses.all_pauses(ports.registry)
    try:
        value = ports.registry.get(*MONITORED).value
    except NotFound:
        return MonitorAnswer(running=running, state="unknown")
    known = {name: value[name] for name in ("cause", "since", "checked", "latency", "version")}
    found = {"up": "alive", "down": "not-available"}.get(str(value["state"]), "unknown")
    state = found if running else "unknown"
    answer: dict[str, JsonValue] = {**known, "history": _history(value.get("history"))}
    return MonitorAnswer.model_validate(
        {**answer, "running": running, "state": state if running else "unknown"}
    )


def _history(stored: JsonValue) -> list[JsonValue]:
    looks = stored if isinstance(stored, list) else []
    return [{"at": one[0], "latency": one[1]} for one in looks if isinstance(one, list)]


def _service(
    ports: Ports, name: str, replicas: dict[str, Replica], paused: pauses.Pause | None
) -> ServiceAnswer:
    now = time.time()
    own = {key: one for key, one in replicas.items() if one.service == name}
    alive = any(one.alive(now) for one in own.values())
    return ServiceAnswer(
        name=name,
        state="gone" if not alive else "paused" if paused else "running",
        pausable=name in pauses.PAUSABLE,
        paused_by=paused.who if paused else None,
        paused_at=paused.at if paused else None,
        replicas=[_replica(key, one, now) for key, one in own.items()],
        queue=ports.bus.depth(name) if name in QUEUES else None,
        last_error=_last_error(ports, name),
    )


def _replica(name: str, one: Replica, now: float) -> ReplicaAnswer:
    told = one.model_dump(exclude={"service", "pid", "health_port"})
    return ReplicaAnswer(name=name, alive=one.alive(now), **told)


def _last_error(ports: Ports, name: str) -> LastError | None:
    search = Search(kind=Kind.LOG, services=(name,), levels=("error",), limit=1)
    found = ports.journal.find(search)
    if not found:
        return None
    fields = found[0].fields
    return LastError(
        at=found[0].at,
        event=str(fields.get("event", "")),
        code=str(fields.get("code") or fields.get("error") or ""),
    )

"""A gateway that has lived: replicas, a server that was away, something parked, lines of the log."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import JsonValue

from petfectior import __version__, heartbeat
from petfectior.heartbeat import Replica
from petfectior.journal import Kind, Line, identity
from petfectior.service import Ports
from petfectior.supervisor import SERVICES
from petfectior.topology import wake
from services.api.processes import MONITORED
from tests.unit.api.gateway import arriving, failed

SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"
PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as a test
GIB = 1 << 30


def replica(service: str, **fields: JsonValue) -> dict[str, JsonValue]:
    now = time.time()
    told = Replica(
        service=service,
        version=__version__,
        started=now - 5000,
        beat=now + 600,
        pid=1,
        health_port=1,
        data_free=180 * GIB,
        data_total=400 * GIB,
    )
    return told.model_dump(mode="json") | fields


def living(ports: Ports) -> None:
    """Every service has a replica; the server was away for a while; something is parked."""
    for service in SERVICES:
        spool: dict[str, JsonValue] = {"spool_bytes": 5_000_000, "spool_parts": 2} if service == "scp" else {}
        rate: dict[str, JsonValue] = {} if service in {"scp", "api"} else {"per_minute": 12.5}
        ports.registry.put(heartbeat.KIND, f"{service}-0", replica(service, **spool, **rate))
    ports.registry.put(heartbeat.KIND, "scu-old", replica("scu", beat=time.time() - 900))
    now = time.time()
    looks = [[now - 60 * (90 - n), None if 30 < n < 38 else 0.04 + 0.02 * (n % 7)] for n in range(90)]
    ports.registry.put(
        *MONITORED,
        {
            "state": "up",
            "cause": "",
            "since": now - 3100,
            "checked": now,
            "latency": 0.052,
            "version": "1.0",
            "history": looks,
        },
    )


def parked(ports: Ports) -> str:
    """Park the event of a failed task; return the task's id."""
    task = ports.tasks.insert(failed(arriving()))
    ports.bus.publish(wake(task))
    with ports.bus.subscribe("transfer", 1) as subscription:
        event = subscription.receive(30.0)
        assert event is not None
        event.dead_letter("blob-damaged")
    return task.id


def logged(ports: Ports, event: str, **fields: str) -> None:
    now = time.time()
    service, level = fields.pop("service", "scp"), fields.pop("level", "info")
    told: dict[str, JsonValue] = {"event": event, "replica": f"{service}-0", **fields}
    ports.journal.append(
        [Line(id=identity(now), kind=Kind.LOG, at=now, service=service, level=level, fields=told)]
    )

"""A gateway's web server on loopback, over embedded adapters of its own, and tasks to show."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn

from petfectior import deliveries, transitions, wiring
from petfectior.access import sessions, tokens, users
from petfectior.access.person import Role
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Destination, Output, Package, Series, Source, Task
from petfectior.work import Outcome, Stage
from services.api.app import application
from services.api.server import listener

WORKSTATION = Destination(name="Workstation", ae_title="WS", address="10.0.0.5", port=104)


@contextmanager
def connected(folder: Path, **settings: Any) -> Iterator[Ports]:
    """Yield ports over embedded adapters in `folder`."""
    ports = wiring.connect(Settings(**{"data_dir": folder, "api_port": 0, **settings}))
    yield ports
    ports.close()


@contextmanager
def serving(ports: Ports) -> Iterator[str]:
    """Yield the address of the application, served by uvicorn."""
    with listener("127.0.0.1", 0) as bound:
        config = uvicorn.Config(application(ports), log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            # Also after a failed test: this thread would keep the program from ending.
            server.should_exit = True
            thread.join(10)


def token(ports: Ports, scope: Role = Role.ADMIN) -> str:
    """Return the secret of a new token."""
    return tokens.issue(ports.registry, f"test-{uuid4().hex[:8]}", scope, None, "test")[0]


def session(ports: Ports, name: str = "ana", role: Role = Role.ADMIN) -> str:
    """Return the cookie of a new user's session."""
    users.add(ports.registry, name, role, None)
    return sessions.open_session(ports.registry, name, ports.settings())


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition. Raises AssertionError at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        threading.Event().wait(0.01)


def arriving(name: str = "DOE^JANE", **fields: Any) -> Task:
    """Return a task whose series arrives."""
    now = time.time()
    made: dict[str, Any] = {
        "created_at": now,
        "updated_at": now,
        "frozen_at": now,
        "series_key": "a" * 64,
        "source": Source(calling_ae_title="SCANNER", called_ae_title="PETFECTIOR", address="10.0.0.4"),
        "series": Series(patient_name=name, patient_id="MRN-1", modality="PT", tracer="18F-FDG"),
        "received": 10,
        "expected": 47,
        "destinations": [WORKSTATION],
    }
    task = Task(**{**made, **fields})
    transitions.record(task, now, "scp", Reason(code="task-created"))
    return task


def packaged(ports: Ports, task: Task) -> Task:
    """Store a package under the task's own keys."""
    blob = ports.blobs.put(f"{task.id}/anonymize/1/block", [b"voxels"])
    order = ports.blobs.put(f"{task.id}/anonymize/1/order", [b"order"])
    task.package = Package(
        blob=blob,
        order=order,
        manifest={"Units": "BQML"},
        manifest_sha256="0" * 64,
        encoding="none",
        dtype="int16",
        shape=(47, 4, 4),
        units="BQML",
    )
    transitions.enter(task, Stage.UPLOAD, time.time(), "anonymizer")
    return task


def delivering(task: Task, total: int = 47) -> Task:
    """Take the task to its deliveries."""
    task.outputs = [Output(id="o", series_uid="2.25.1", description="Derived", count=total)]
    task.received = total
    transitions.enter(task, Stage.DELIVER, time.time(), "rebuilder")
    deliveries.open_deliveries(task, time.time())
    return task


def delivered(task: Task) -> Task:
    """Take the task to its end."""
    delivering(task)
    for delivery in task.deliveries:
        delivery.accepted_count = delivery.total
        transitions.finish_delivery(task, delivery, time.time())
    return task


def failed(task: Task, stage: Stage = Stage.UPLOAD) -> Task:
    """Stop the task as failed in `stage`."""
    transitions.enter(task, stage, time.time(), "worker")
    transitions.stop(task, Outcome.FAILED, Reason(code="blob-missing"), time.time(), "worker")
    return task


def incomplete(task: Task) -> Task:
    """Reject the task in receive."""
    transitions.stop(task, Outcome.REJECTED, Reason(code="task-not-incomplete"), time.time(), "scp")
    return task

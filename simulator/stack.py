"""A whole gateway and the world around it, as processes on this machine: for the demo and the tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import requests

WORKSTATION_AE: Final = "WORKSTATION"
SCANNER_AE: Final = "SCANNER"
TOKEN: Final = "demo-token"  # noqa: S105 - for the simulated server on loopback
READY_SECONDS: Final = 180.0
STOP_SECONDS: Final = 20.0


class NotReadyError(Exception):
    """A process ended or did not answer in time; its log says why."""


def free_port() -> int:
    """Return a TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    """Wait until `condition` holds. Raises `NotReadyError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what} after {seconds:.0f} s")
        time.sleep(0.05)


@dataclass
class Stack:
    """One gateway over embedded adapters, one processing server, one workstation.

    Parameters
    ----------
    folder
        Where everything lies: ``data`` of the gateway, ``server``, ``workstation``, ``log``.
    environment
        Further settings of the gateway, without the ``PETFECTIOR_`` prefix.
    """

    folder: Path
    model: str = "gaussian"
    environment: Mapping[str, str] = field(default_factory=dict)
    dicom_port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    server_port: int = field(default_factory=free_port)
    workstation_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _token: str = field(default="", repr=False)

    @property
    def api(self) -> str:
        """Address of the REST API."""
        return f"http://127.0.0.1:{self.api_port}/api/v1"

    def settings(self) -> dict[str, str]:
        """Return the gateway's environment."""
        chosen = {
            "data_dir": str(self.folder / "data"),
            "dicom_host": "127.0.0.1",
            "dicom_port": str(self.dicom_port),
            "api_port": str(self.api_port),
            "server_url": f"http://127.0.0.1:{self.server_port}",
            "server_token": TOKEN,
            "client_id": "demo",
            "model": self.model,
            **self.environment,
        }
        return dict(os.environ) | {f"PETFECTIOR_{name.upper()}": value for name, value in chosen.items()}

    def start_server(self, *arguments: str) -> None:
        """Start the reference processing server."""
        store = str(self.folder / "server")
        base = ["--port", str(self.server_port), "--token", TOKEN, "--store", store]
        self._start("server", ["simulator.processing_server", *base, *arguments])
        self._ready("server", lambda: listens(self.server_port))

    def start_workstation(self, *arguments: str) -> None:
        """Start the workstation; what it gets lies in ``workstation``."""
        keep = str(self.folder / "workstation")
        base = ["--port", str(self.workstation_port), "--aet", WORKSTATION_AE, "--keep", keep]
        self._start("workstation", ["simulator.workstation", *base, *arguments])
        self._ready("workstation", lambda: listens(self.workstation_port))

    def start_gateway(self) -> None:
        """Start all services under the supervisor."""
        self._start("gateway", ["petfectior", "run"])
        self._ready("gateway", self._gateway_answers)

    def start_replica(self, service: str, **settings: str) -> None:
        """Start one more replica of a service beside the supervised one."""
        self._start(settings["replica"], [f"services.{service}"], settings)

    def add_workstation(self, name: str = "workstation", port: int | None = None) -> None:
        """Make the workstation a fixed destination."""
        device = {
            "name": name,
            "ae_title": WORKSTATION_AE,
            "address": "127.0.0.1",
            "port": port or self.workstation_port,
            "destination": True,
        }
        self.call("POST", "devices", json=device)

    def call(self, method: str, path: str, **how: Any) -> requests.Response:  # noqa: ANN401 - as requests
        """Call the REST API as an administrator. Raises `requests.HTTPError`."""
        headers = {"Authorization": f"Bearer {self.token()}", **how.pop("headers", {})}
        answer = requests.request(method, f"{self.api}/{path}", headers=headers, timeout=60, **how)
        answer.raise_for_status()
        return answer

    def token(self) -> str:
        """Return this program's token, made by the command line as an administrator would."""
        if not self._token:
            name = f"stack-{uuid4().hex[:8]}"
            command = [sys.executable, "-m", "petfectior", "tokens", "add", name, "--scope", "admin"]
            made = subprocess.run(command, env=self.settings(), capture_output=True, text=True, check=True)
            self._token = made.stdout.strip()
        return self._token

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks, newest first."""
        found: list[dict[str, Any]] = self.call("GET", "tasks").json()["tasks"]
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        """Return one task."""
        found: dict[str, Any] = self.call("GET", f"tasks/{task_id}").json()
        return found

    def stop(self, *names: str) -> None:
        """Stop the named processes, or all, in the reverse order of their start."""
        for name in names or tuple(reversed(self.processes)):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> Path:
        """Return where a process's output goes."""
        return self.folder / "log" / f"{name}.log"

    def _start(self, name: str, module: list[str], settings: Mapping[str, str] | None = None) -> None:
        own = {f"PETFECTIOR_{key.upper()}": value for key, value in (settings or {}).items()}
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=self.settings() | own,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _ready(self, name: str, condition: Callable[[], bool]) -> None:
        def ready() -> bool:
            if self.processes[name].poll() is not None:
                raise NotReadyError(f"{name} ended; its log is {self.log(name)}")
            return condition()

        wait_for(ready, f"{name} does not answer; its log is {self.log(name)}")

    def _gateway_answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            healthy = requests.get(f"http://127.0.0.1:{self.api_port}/health", timeout=2).ok
            return healthy and listens(self.dicom_port)
        return False


@contextlib.contextmanager
def running(stack: Stack, port: int | None = None) -> Iterator[Stack]:
    """Run the gateway with its server and workstation, and stop all at the end.

    With `port`, the destination is what listens there instead of the simulated workstation.
    """
    try:
        stack.start_server()
        if port is None:
            stack.start_workstation()
        stack.start_gateway()
        stack.add_workstation(port=port)
        yield stack
    finally:
        stack.stop()

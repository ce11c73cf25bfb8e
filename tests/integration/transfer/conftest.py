"""A reference server as a process of its own, and tasks over the embedded adapters."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from petfectior import transitions, wiring
from petfectior.handling import Claim
from petfectior.pet import voxel_block
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Blob, Package, Source, Task
from petfectior.work import Stage

TOKEN = "test-token"  # noqa: S105 - of a server on loopback
SHAPE = (24, 96, 96)


@dataclass
class Server:
    """The reference server; it may be stopped and started again on the same port and folder."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "simulator.processing_server", "--port", str(self.port)]
        command += ["--token", TOKEN, "--store", str(self.folder), "--model", "gaussian", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())["port"]
        until(self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return self._admin("GET", "state").ok
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def fault(self, name: str, **values: float) -> None:
        self._admin("PUT", "faults", json={"fault": name, **values}).raise_for_status()

    def mend(self) -> None:
        self._admin("DELETE", "faults").raise_for_status()

    def forget(self) -> None:
        self.mend()
        self._admin("DELETE", "state").raise_for_status()

    def state(self) -> Any:
        return self._admin("GET", "state").json()

    def _admin(self, method: str, path: str, **values: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.request(method, f"{self.url}/admin/{path}", headers=headers, timeout=10, **values)


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return the first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
    return value


@dataclass
class Bench:
    """One gateway's ports, with what a test does to a task."""

    ports: Ports
    server: Server
    scratch: Path
    owner: str = "replica-1"
    block: bytes = field(default=b"")

    def submitted(self, dtype: str = "int16") -> Task:
        """Return a task that waits for its upload."""
        path = self.scratch / "block"
        random = np.random.default_rng(3)
        low = 0 if dtype == "uint16" else -20
        planes = [random.integers(low, 3000, SHAPE[1:]).astype(dtype) for _ in range(SHAPE[0])]
        voxel_block.write(path, planes, SHAPE, dtype, "none")
        self.block = path.read_bytes()
        manifest = manifest_of(dtype)
        now = time.time()
        task = Task(
            created_at=now,
            updated_at=now,
            frozen_at=now,
            series_key="0",
            stage=Stage.UPLOAD,
            source=Source(calling_ae_title="SCANNER", called_ae_title="PETFECTIOR", address="127.0.0.1"),
        )
        blob = self.ports.blobs.put(f"{task.id}/package", [self.block])
        task.package = Package(
            blob=blob,
            manifest=manifest,
            manifest_sha256="",
            order=Blob(key=f"{task.id}/order", size=0, sha256=""),
            encoding="none",
            dtype=dtype,
            shape=SHAPE,
            units="BQML",
        )
        return self.ports.tasks.insert(task)

    def claim(self, task_id: str) -> Claim:
        """Take the task's stage as a worker does."""
        task = self.ports.tasks.get(task_id)
        task.work.due = 0.0
        token = f"lease-{task.revision}"
        assert transitions.claim(task, task.stage, None, self.owner, time.time(), token=token)
        task = self.ports.tasks.replace(task)
        return Claim(task=task, stage=task.stage, token=token, tasks=self.ports.tasks)


def manifest_of(dtype: str = "int16") -> dict[str, Any]:
    slopes = [1.0 if dtype == "float32" else 0.5 + 0.01 * index for index in range(SHAPE[0])]
    return {
        "SchemaVersion": "1.0",
        "TracerName": "FDG",
        "TracerRadionuclide": "F18",
        "Manufacturer": "Siemens",
        "ManufacturersModelName": "other",
        "Reconstruction": {"ReconMethodName": "OSEM", "Iterations": 3, "Subsets": 21},
        "VoxelSpacing": [3.0, 4.0, 4.0],
        "Subject": {"BodyWeight": 71.0, "BodyHeight": 1.7, "Sex": "F", "Age": 59},
        "Block": {"Shape": list(SHAPE), "DataType": dtype, "Encoding": "none", "RescaleSlope": slopes},
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("server"))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """The module's server, as good as new, and running again afterwards."""
    running.forget()
    yield running
    if running.process is None:
        running.start()


@pytest.fixture
def bench(tmp_path: Path, server: Server) -> Iterator[Bench]:
    base = Settings(
        data_dir=tmp_path / "gateway", server_url=server.url, server_token=TOKEN, client_id="hospital"
    )
    ports = wiring.connect(base)
    yield Bench(ports, server, tmp_path)
    ports.close()

"""The reference server made hostile, before a gateway: each bad result ends visibly and goes nowhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import scanner
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import TOKEN, Stack, wait_for
from tests.dcmtk import StoreScp, storescp

pytestmark = pytest.mark.timeout(300)
SLICES = 4
SEEDS = itertools.count(700)


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreScp]:
    with storescp(tmp_path_factory.mktemp("destination")) as scp:
        yield scp


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, destination: StoreScp) -> Iterator[Stack]:
    one = Stack(tmp_path_factory.mktemp("gateway"), model="identity", environment={"quiet_seconds": "2"})
    try:
        one.start_server()
        one.start_gateway()
        one.add_workstation(port=destination.port)
        yield one
    finally:
        one.stop()


def _series(folder: Path) -> scanner.Source:
    PhantomSeries(Phantom(slices=SLICES, rows=24, columns=20, seed=next(SEEDS))).write(folder)
    return scanner.folder(folder)


def _ended(stack: Stack, act: Callable[[], object], known: set[str], seen: float = 0.0) -> dict[str, Any]:
    """Do something and return the one new or newly ended task."""
    act()
    found: list[dict[str, Any]] = []

    def over() -> bool:
        found[:] = [
            task
            for task in stack.tasks()
            if task["id"] not in known and task["updated_at"] > seen and task["status"] in {"done", "stopped"}
        ]
        return bool(found)

    wait_for(over, "the task has not ended", 120)
    return stack.task(found[0]["id"])


@pytest.mark.parametrize(
    ("fault", "code", "kept"),
    [
        ("wrong-nonce", "result-nonce-wrong", False),
        ("wrong-shape", "result-shape-wrong", False),
        ("truncated", "result-length-wrong", True),
        ("bomb", "block-length-wrong", True),
        ("nan", "result-not-finite", True),
        ("activity-drift", "result-activity-drift", True),
    ],
)
def test_a_bad_result_is_quarantined_and_a_retry_asks_anew(
    stack: Stack, destination: StoreScp, tmp_path: Path, fault: str, code: str, *, kept: bool
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    order = {"fault": fault, "times": 1}
    admin = f"http://127.0.0.1:{stack.server_port}/admin/faults"
    requests.put(admin, json=order, headers=headers, timeout=60).raise_for_status()
    known, before = {task["id"] for task in stack.tasks()}, len(destination.files())
    source = _series(tmp_path)
    task = _ended(stack, lambda: scanner.send(source, f"PETFECTIOR@127.0.0.1:{stack.dicom_port}"), known)
    assert (task["outcome"], task["reason_code"]) == ("failed", code)
    assert "quarantine" in task["reason"]
    assert [job["state"] for job in task["jobs"]] == ["quarantined"]
    assert bool(task["quarantine"]) == kept
    assert (task["outputs"], task["deliveries"], len(destination.files())) == ([], [], before)
    spanish = stack.call("GET", f"tasks/{task['id']}", headers={"Accept-Language": "es"})
    assert "cuarentena" in spanish.json()["reason"]

    def retry() -> None:
        stack.call("POST", f"tasks/{task['id']}/retry")

    again = _ended(stack, retry, known, task["updated_at"])
    assert (again["status"], [job["state"] for job in again["jobs"]]) == ("done", ["quarantined", "done"])
    assert len(destination.files()) == before + SLICES
    receipt = stack.call("GET", f"tasks/{task['id']}/receipt").json()
    assert all(message["proven"] for message in receipt["messages"])
    assert len(receipt["attempts"]) == 2

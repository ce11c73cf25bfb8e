"""Every case goes once through a whole gateway with the identity model; validators look at what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from simulator.stack import Stack, wait_for
from tests.dcmtk import StoreScp, storescp, storescu
from tests.validators.series import CASES, MADE
from tests.voxels import source_uid


@dataclass(frozen=True)
class Delivered:
    """One case: its source files and, in the same order, what arrived of each; and its task."""

    sources: list[Path]
    derived: list[Path]
    task: dict[str, Any]

    def pairs(self) -> Iterator[tuple[Dataset, Dataset]]:
        """Yield source and derived dataset of each slice."""
        for source, derived in zip(self.sources, self.derived, strict=True):
            yield dcmread(source), dcmread(derived)


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Delivered]]:
    """Return a function that sends the files of a folder and gives what came of them."""
    with storescp(tmp_path_factory.mktemp("arrived")) as destination:
        environment = {"quiet_seconds": "2"}
        stack = Stack(tmp_path_factory.mktemp("gateway"), model="identity", environment=environment)
        try:
            stack.start_server()
            stack.start_gateway()
            stack.add_workstation(port=destination.port)
            yield lambda folder: _delivered(stack, destination, folder)
        finally:
            stack.stop()


@pytest.fixture(scope="session", params=CASES)
def delivered(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    validated: Callable[[Path], Delivered],
) -> Delivered:
    """Return one case after another."""
    name = request.param
    if name not in MADE:
        data: Path = request.getfixturevalue("shared_data")
        return validated(data / "dicom" / name)
    folder = tmp_path_factory.mktemp(name)
    MADE[name](folder)
    return validated(folder)


def _delivered(stack: Stack, destination: StoreScp, folder: Path) -> Delivered:
    before = set(destination.files())
    known = {task["id"] for task in stack.tasks()}
    sent = storescu(stack.dicom_port, "+sd", folder)
    assert sent.returncode == 0, sent.stderr

    def ended() -> list[dict[str, Any]]:
        return [
            task
            for task in stack.tasks()
            if task["id"] not in known and task["status"] in {"done", "stopped"}
        ]

    wait_for(lambda: bool(ended()), "the task has not ended", 180)
    task = stack.task(ended()[0]["id"])
    assert (task["status"], task["reason"]) == ("done", None)
    arrived = {
        source_uid(dcmread(one, stop_before_pixels=True)): one
        for one in destination.files()
        if one not in before
    }
    sources = {str(dcmread(one, stop_before_pixels=True).SOPInstanceUID): one for one in folder.iterdir()}
    assert arrived.keys() == sources.keys()
    return Delivered(list(sources.values()), [arrived[uid] for uid in sources], task)

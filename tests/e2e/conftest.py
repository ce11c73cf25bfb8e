"""A running gateway for the end-to-end tests: six services, a server, and dcmtk's storescp as destination."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.stack import Stack, wait_for
from tests.dcmtk import StoreScp, storescp

QUIET = {"quiet_seconds": "2"}


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreScp]:
    with storescp(tmp_path_factory.mktemp("destination")) as scp:
        yield scp


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, destination: StoreScp, mode: dict[str, str]
) -> Iterator[Stack]:
    """One gateway per module and mode, its server's model ``identity``, its destination a storescp."""
    one = Stack(tmp_path_factory.mktemp("gateway"), model="identity", environment=QUIET | mode)
    try:
        one.start_server()
        one.start_gateway()
        one.add_workstation(port=destination.port)
        yield one
    finally:
        one.stop()


@pytest.fixture
def sending(stack: Stack) -> Callable[[Callable[[], object]], list[dict[str, Any]]]:
    """Return a function that does something and gives the tasks that ended because of it."""

    def run(act: Callable[[], object], count: int = 1) -> list[dict[str, Any]]:
        known = {task["id"] for task in stack.tasks()}
        act()

        def new() -> list[dict[str, Any]]:
            return [task for task in stack.tasks() if task["id"] not in known]

        def ended() -> bool:
            return len(new()) >= count and all(task["status"] in {"done", "stopped"} for task in new())

        wait_for(ended, "the task has not ended", 240)
        return [stack.task(task["id"]) for task in new()]

    return run


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """Return an empty folder for series that a test makes."""
    folder = tmp_path / "series"
    folder.mkdir()
    return folder

"""The server is down for the first minute of a task: it waits, says so, and completes later."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from simulator import scanner
from simulator.stack import Stack, wait_for

DOWN_SECONDS = 60.0


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory, mode: dict[str, str]) -> Iterator[Stack]:
    one = Stack(tmp_path_factory.mktemp("down"), model="identity", environment=mode)
    try:
        one.start_workstation()
        one.start_gateway()
        one.add_workstation()
        yield one
    finally:
        one.stop()


def test_a_task_waits_for_a_server_that_is_down_and_says_so(stack: Stack) -> None:
    began = time.monotonic()
    sent = scanner.send(scanner.phantom(20, 64), f"PETFECTIOR@127.0.0.1:{stack.dicom_port}")
    assert sent.accepted == 20

    def waits() -> bool:
        return any(task["reason_code"] == "server-unreachable" for task in stack.tasks())

    wait_for(waits, "the task does not say that it waits for the server", 120)
    wait_for(lambda: time.monotonic() - began > DOWN_SECONDS, "a minute", DOWN_SECONDS + 5)
    [task] = stack.tasks()
    assert (task["stage"], task["status"]) == ("upload", "waiting")
    stack.start_server()
    wait_for(lambda: stack.tasks()[0]["status"] == "done", "the task did not complete", 180)
    assert len(list((stack.folder / "workstation").glob("*.dcm"))) == 20

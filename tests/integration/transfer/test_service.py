"""The transfer service as a process of its own, woken by an event."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from petfectior.ports import Record
from petfectior.settings import store
from petfectior.task import Task
from petfectior.topology import wakes
from petfectior.work import Stage
from services.transfer import job
from services.transfer.waiting import MONITOR
from tests.integration.transfer.conftest import TOKEN, Bench, until

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def service(bench: Bench) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(**settings: str) -> subprocess.Popen[bytes]:
        chosen = {
            "data_dir": str(bench.ports.base.data_dir),
            "server_url": bench.server.url,
            "server_token": TOKEN,
            "client_id": "hospital",
            **settings,
        }
        named = {f"PETFECTIOR_{name.upper()}": value for name, value in chosen.items() if value}
        started.append(
            subprocess.Popen([sys.executable, "-m", "services.transfer"], env=dict(os.environ) | named)
        )
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        assert process.wait(20) in {0, -9}


def submit(bench: Bench) -> Task:
    task = bench.submitted()
    for event in wakes(task):
        bench.ports.bus.publish(event)
    return task


def rebuilt(bench: Bench, task: Task) -> bool:
    return bench.ports.tasks.get(task.id).stage is Stage.REBUILD


def reason(bench: Bench, task: Task) -> str:
    found = bench.ports.tasks.get(task.id).work.reason
    return found.code if found else ""


def monitor(bench: Bench) -> Record | None:
    return next(iter(bench.ports.registry.list(MONITOR[0])), None)


def test_several_tasks_travel_and_their_jobs_are_erased(bench: Bench, service: Start) -> None:
    service()
    tasks = [submit(bench) for _ in range(3)]
    until(lambda: all(rebuilt(bench, task) for task in tasks), 60)
    until(lambda: bench.ports.registry.list(job.OWED) == [])
    assert len(bench.server.state()["erased"]) == 3
    assert all(bench.ports.tasks.get(task.id).jobs[0].erased_at for task in tasks)


def test_the_long_poll_brings_the_result_though_no_one_looks(bench: Bench, service: Start) -> None:
    bench.server.fault("slow", times=1, seconds=3)
    service()
    task = submit(bench)
    until(lambda: rebuilt(bench, task), 40)
    codes = [entry.reason.code for entry in bench.ports.tasks.get(task.id).history]
    assert "result-announced" in codes


def test_a_task_waits_for_a_server_that_is_down_and_completes_when_it_is_back(
    bench: Bench, service: Start
) -> None:
    bench.server.stop()
    service()
    task = submit(bench)
    until(lambda: reason(bench, task) == "server-unreachable")
    until(lambda: (record := monitor(bench)) and record.value["state"] == "down")
    bench.server.start()
    until(lambda: rebuilt(bench, task), 60)
    record = monitor(bench)
    assert record is not None
    assert record.value["state"] == "up"


def test_without_a_server_configured_tasks_wait_until_one_is(bench: Bench, service: Start) -> None:
    service(server_url="")
    task = submit(bench)
    until(lambda: reason(bench, task) == "server-not-configured")
    base = bench.ports.base.model_construct()
    store(base, bench.ports.registry, "server_url", bench.server.url)
    until(lambda: rebuilt(bench, task), 60)


def test_a_service_killed_while_the_server_works_is_replaced_by_another(bench: Bench, service: Start) -> None:
    bench.server.fault("slow", times=1, seconds=3)
    first = service()
    task = submit(bench)
    until(lambda: bench.ports.tasks.get(task.id).stage is Stage.PROCESS)
    first.kill()
    first.wait()
    service()
    until(lambda: rebuilt(bench, task), 60)
    assert len(bench.ports.tasks.get(task.id).jobs) == 1

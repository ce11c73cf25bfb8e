"""Two replicas of every service at once, and a series split over two scp replicas: nothing is done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pydicom
import pytest

from simulator import scanner
from simulator.scanner import Source
from simulator.stack import Stack, free_port, listens, running, wait_for

SERVICES = ("scp", "anonymizer", "transfer", "rebuilder", "scu", "api")
SLICES, SERIES = 60, 6


@pytest.fixture(scope="module")
def second_scp() -> int:
    return free_port()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, mode: dict[str, str], second_scp: int) -> Iterator[Stack]:
    """A gateway with a second replica of each service beside the supervised ones."""
    folder = tmp_path_factory.mktemp("replicas")
    with running(Stack(folder, model="identity", environment={"quiet_seconds": "10"} | mode)) as one:
        for service in SERVICES:
            ports = {"dicom_port": str(second_scp), "api_port": str(free_port())}
            one.start_replica(service, replica=f"{service}-1", **ports)
        wait_for(lambda: listens(second_scp), "the second scp does not listen", 60)
        yield one


def _ended(stack: Stack, known: set[str], count: int) -> list[dict[str, object]]:
    def new() -> list[dict[str, object]]:
        return [task for task in stack.tasks() if task["id"] not in known]

    wait_for(
        lambda: len(new()) >= count and all(task["status"] in {"done", "stopped"} for task in new()),
        "the series have not ended",
        150,
    )
    return new()


def test_a_series_split_over_two_scp_replicas_is_one_task(stack: Stack, second_scp: int) -> None:
    known = {task["id"] for task in stack.tasks()}
    source = scanner.phantom(SLICES, 64, seed=901)
    halves = (Source(source.instances[::2]), stack.dicom_port), (Source(source.instances[1::2]), second_scp)
    for half, port in halves:
        assert scanner.send(half, f"PETFECTIOR@127.0.0.1:{port}").accepted == SLICES // 2
    [task] = _ended(stack, known, 1)
    assert (task["status"], task["received"]) == ("done", SLICES)


def test_two_replicas_share_the_work_and_do_nothing_twice(stack: Stack, second_scp: int) -> None:
    known = {task["id"] for task in stack.tasks()}
    before = set((stack.folder / "workstation").glob("*.dcm"))
    for seed in range(SERIES):
        port = stack.dicom_port if seed % 2 else second_scp
        source = scanner.phantom(SLICES, 64, seed=910 + seed)
        assert scanner.send(source, f"PETFECTIOR@127.0.0.1:{port}").accepted == SLICES
    tasks = _ended(stack, known, SERIES)
    assert Counter((task["status"], task["received"]) for task in tasks) == {("done", SLICES): SERIES}
    arrived = Counter(
        str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
        for path in set((stack.folder / "workstation").glob("*.dcm")) - before
    )
    assert len(arrived) == SERIES * SLICES
    assert set(arrived.values()) == {1}
    jobs = [len(stack.task(str(task["id"]))["jobs"]) for task in tasks]
    assert jobs == [1] * SERIES

"""Kill -9 of each service in the middle of its stage: the series still arrives, once."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests

from petfectior.errors import PetfectiorError
from petfectior.supervisor import SERVICES
from simulator import scanner
from simulator.scanner import Source
from simulator.stack import Stack, listens, running, wait_for
from tests.processes import freeze, kill_in_the_act, pid_of, restarted

SLICES, MATRIX = 200, 128
SEEDS = itertools.count(500)
ORDER = ["receive", "anonymize", "upload", "process", "download", "rebuild", "deliver"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, mode: dict[str, str]) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("chaos")
    with running(Stack(folder, model="identity", environment={"quiet_seconds": "5"} | mode)) as one:
        yield one
    for database in folder.glob("data/*/*.sqlite*"):
        if database.suffix not in {".sqlite-wal", ".sqlite-shm"}:
            with sqlite3.connect(database) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def series() -> Source:
    return scanner.phantom(SLICES, MATRIX, seed=next(SEEDS))


def _address(stack: Stack) -> str:
    return f"PETFECTIOR@127.0.0.1:{stack.dicom_port}"


def _newest(stack: Stack, known: set[str]) -> dict[str, Any] | None:
    return next((task for task in stack.tasks() if task["id"] not in known), None)


def _arrived_once(stack: Stack, known: set[str], source: Source) -> None:
    """Wait for the one new task's end; every source instance has exactly one derived one."""

    def ended() -> bool:
        task = _newest(stack, known)
        return task is not None and task["status"] in {"done", "stopped"}

    wait_for(ended, "the series did not arrive", 240)
    new = [task for task in stack.tasks() if task["id"] not in known]
    assert [(task["status"], task["received"]) for task in new] == [("done", SLICES)]
    sent = {instance.sop_instance_uid for instance in source.instances}
    derived = [
        pydicom.dcmread(path, stop_before_pixels=True)
        for path in (stack.folder / "workstation").glob("*.dcm")
    ]
    ours = [one for one in derived if str(one.SourceImageSequence[0].ReferencedSOPInstanceUID) in sent]
    pairs = {
        (str(one.SourceImageSequence[0].ReferencedSOPInstanceUID), str(one.SOPInstanceUID)) for one in ours
    }
    assert Counter(source_uid for source_uid, _ in pairs) == Counter(sent)
    assert len({str(one.SeriesInstanceUID) for one in ours}) == 1


@pytest.mark.parametrize(
    ("service", "stage"),
    [
        ("anonymizer", "anonymize"),
        ("transfer", "upload"),
        ("transfer", "download"),
        ("rebuilder", "rebuild"),
    ],
)
def test_killed_at_work(stack: Stack, series: Source, service: str, stage: str) -> None:
    known = {task["id"] for task in stack.tasks()}
    frozen = freeze(stack, service) if stage != "download" else 0
    if stage == "download":
        _slow_down(stack)
    assert scanner.send(series, _address(stack)).accepted == SLICES

    def now() -> dict[str, Any]:
        return _newest(stack, known) or {"stage": "receive", "status": "waiting"}

    if stage == "download":
        wait_for(lambda: now()["stage"] == "process", "the job was not submitted", 180)
        frozen = freeze(stack, service)
    else:
        wait_for(lambda: now()["stage"] == stage, f"{stage} was not reached", 180)
    kill_in_the_act(
        frozen,
        lambda: (now()["stage"], now()["status"]) == (stage, "working"),
        lambda: ORDER.index(now()["stage"]) > ORDER.index(stage),
    )
    restarted(stack, service, frozen)
    _arrived_once(stack, known, series)
    assert len(list((stack.folder / "data/scratch").iterdir())) == len(SERVICES)


def _slow_down(stack: Stack) -> None:
    """Make the server take two seconds for the next job, so that its download is seen to begin."""
    order = {"fault": "slow", "times": 1, "seconds": 2.0}
    address = f"http://127.0.0.1:{stack.server_port}/admin/faults"
    headers = {"Authorization": "Bearer demo-token"}
    requests.put(address, json=order, headers=headers, timeout=60).raise_for_status()


def test_scu_killed_while_it_delivers(stack: Stack, series: Source) -> None:
    known = {task["id"] for task in stack.tasks()}
    kept = stack.folder / "workstation"
    before = len(list(kept.glob("*.dcm")))
    frozen = freeze(stack, "scu")
    assert scanner.send(series, _address(stack)).accepted == SLICES
    wait_for(lambda: (_newest(stack, known) or {}).get("stage") == "deliver", "deliver was not reached", 180)
    kill_in_the_act(
        frozen,
        lambda: len(list(kept.glob("*.dcm"))) > before + 3,
        lambda: (_newest(stack, known) or {})["status"] == "done",
    )
    restarted(stack, "scu", frozen)
    _arrived_once(stack, known, series)


def test_scp_killed_while_it_receives_keeps_all_that_it_acknowledged(stack: Stack, series: Source) -> None:
    known = {task["id"] for task in stack.tasks()}
    old = pid_of(stack, "scp")
    answered = 0

    def told(count: int) -> None:
        nonlocal answered
        answered = count
        if count == SLICES // 3:
            os.kill(old, signal.SIGKILL)

    with contextlib.suppress(PetfectiorError):
        scanner.send(series, _address(stack), told=told)
    assert SLICES // 3 <= answered < SLICES
    restarted(stack, "scp", old)
    wait_for(lambda: listens(stack.dicom_port), "scp does not listen again", 120)
    rest = Source(series.instances[SLICES // 3 :])
    assert scanner.send(rest, _address(stack)).accepted == len(rest.instances)
    _arrived_once(stack, known, series)


def test_api_killed_disturbs_no_series(stack: Stack, series: Source) -> None:
    known = {task["id"] for task in stack.tasks()}
    old = pid_of(stack, "api")
    assert scanner.send(series, _address(stack)).accepted == SLICES
    os.kill(old, signal.SIGKILL)
    restarted(stack, "api", old)
    wait_for(stack._gateway_answers, "the api does not answer again", 120)
    _arrived_once(stack, known, series)


def test_no_file_of_the_spool_is_left(stack: Stack) -> None:
    spool = Path(stack.folder) / "data" / "spool"
    wait_for(lambda: not list(spool.rglob("*.zip")), "parts are left in the spool", 120)

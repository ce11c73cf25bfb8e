"""Every selector of every dashboard and rule, asked of a Prometheus that scrapes a gateway at work."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml

from petfectior.heartbeat import KIND as REPLICA
from petfectior.settings import Settings
from petfectior.wiring import connect
from simulator import scanner
from simulator.stack import Stack, free_port, running
from tests.deploy.observed import RULES, expressions, selectors
from tests.deploy.waiting import until

SERVICES = 6


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Stack]:
    """A gateway that has delivered one series."""
    with running(Stack(tmp_path, model="identity")) as stack:
        scanner.send(scanner.phantom(60, 64), f"PETFECTIOR@127.0.0.1:{stack.dicom_port}")
        until(
            lambda: [task["status"] for task in stack.tasks()] == ["done"], 60, "the series does not arrive"
        )
        yield stack


def _targets(stack: Stack) -> list[dict[str, object]]:
    """Return what scrapes each service's own port, which its heartbeat tells."""
    ports = connect(Settings(data_dir=stack.folder / "data"))
    try:
        beats = until(
            lambda: beats if len(beats := ports.registry.list(REPLICA)) == SERVICES else [],
            30,
            "not all services beat",
        )
        return [
            {
                "targets": [f"127.0.0.1:{beat.value['health_port']}"],
                "labels": {"service": str(beat.value["service"])},
            }
            for beat in beats
        ]
    finally:
        ports.close()


@pytest.fixture
def prometheus(gateway: Stack, program: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Address of a Prometheus with the shipped rules, hastened, over the running gateway."""
    for path in RULES:
        hastened = path.read_text().replace("interval: 15s", "interval: 1s")
        (tmp_path / path.name).write_text(hastened)
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [path.name for path in RULES],
        "scrape_configs": [{"job_name": "petfectior", "static_configs": _targets(gateway)}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program("prometheus"),
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}/api/v1"
    finally:
        process.terminate()
        process.wait(30)


def _series(address: str, selector: str) -> int:
    try:
        response = requests.get(f"{address}/query", params={"query": selector}, timeout=60)
    except requests.ConnectionError:
        return 0
    if response.status_code == requests.codes.unavailable:
        return 0  # it starts
    answer = response.json()
    assert answer["status"] == "success", (selector, answer)
    return len(answer["data"]["result"])


def test_every_selector_of_dashboards_and_rules_returns_series(prometheus: str) -> None:
    wanted = {selector for _, expression in expressions() for selector in selectors(expression)}
    missing = set(wanted)
    deadline = time.monotonic() + 60
    while missing and time.monotonic() < deadline:
        missing = {selector for selector in missing if not _series(prometheus, selector)}
    assert not missing
    assert len(wanted) > 30


def test_alerts_are_silent_while_all_is_well(prometheus: str) -> None:
    until(lambda: _series(prometheus, "petfectior:consumers:sum") == 4, 60, "rules are not evaluated")
    # A scrape that a loaded machine answers late makes an alert pending for a moment.
    until(lambda: not _loud(prometheus), 120, "an alert stays", lambda: json.dumps(_loud(prometheus)))


def _loud(prometheus: str) -> list[object]:
    alerts = requests.get(f"{prometheus}/alerts", timeout=60).json()["data"]["alerts"]
    return [one for one in alerts if one["labels"]["alertname"] != "SpoolDiskLow"]

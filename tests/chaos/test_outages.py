"""Broker, task store or blob store away for a minute in the middle of five series: all arrive once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pydicom
import pytest

from simulator import scanner
from simulator.stack import Stack, running, wait_for
from tests.modes import distributed
from tests.servers.fixtures import RealServer, serving
from tests.servers.minio import MinIO
from tests.servers.mongo import Mongo
from tests.servers.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]

AWAY_SECONDS = 60.0
SERIES, SLICES = 5, 60
MAKERS = {"rabbitmq": RabbitMQ, "minio": MinIO, "mongo": Mongo}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RealServer]]:
    with ExitStack() as opened:
        yield {
            name: opened.enter_context(serving(make, tmp_path_factory.mktemp(name)))
            for name, make in MAKERS.items()
        }


@pytest.fixture(scope="module")
def stack(servers: dict[str, RealServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environment = distributed(servers["rabbitmq"].url, servers["minio"].url, servers["mongo"].url)
    with running(Stack(tmp_path_factory.mktemp("outages"), "identity", environment)) as one:
        yield one


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_an_outage_delays_and_loses_nothing(
    stack: Stack, servers: dict[str, RealServer], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = range(10 * len(name), 10 * len(name) + SERIES)
    sources = [scanner.phantom(SLICES, 64, seed=7000 + seed) for seed in seeds]
    kept = stack.folder / "workstation"
    known = {task["id"] for task in stack.tasks()}
    before = set(kept.glob("*.dcm"))
    sender = threading.Thread(target=_send, args=(stack, sources))
    sender.start()
    wait_for(lambda: len(set(kept.glob("*.dcm")) - before) > SLICES // 2, "nothing arrives", 60)
    servers[name].stop()
    gone = time.monotonic()
    wait_for(lambda: time.monotonic() - gone > AWAY_SECONDS, "a minute", AWAY_SECONDS + 5)
    servers[name].start()
    back = time.monotonic()
    sender.join()

    def ended() -> bool:
        new = [task for task in stack.tasks() if task["id"] not in known]
        return len(new) == SERIES and all(task["status"] in {"done", "stopped"} for task in new)

    wait_for(ended, "the series have not ended", 240)
    with capsys.disabled():
        print(f"\n{name} away for {AWAY_SECONDS:.0f} s: recovered {time.monotonic() - back:.1f} s after")
    new = [task for task in stack.tasks() if task["id"] not in known]
    assert Counter((task["status"], task["received"]) for task in new) == {("done", SLICES): SERIES}
    sent = {instance.sop_instance_uid for source in sources for instance in source.instances}
    assert _derived(set(kept.glob("*.dcm")) - before) == sent


def _send(stack: Stack, sources: list[scanner.Source]) -> None:
    for source in sources:
        sent = scanner.send(source, f"PETFECTIOR@127.0.0.1:{stack.dicom_port}")
        assert sent.accepted == SLICES


def _derived(paths: set[Path]) -> set[str]:
    """Return the sources of what arrived; each of them has exactly one derived instance."""
    pairs = set()
    for path in paths:
        one = pydicom.dcmread(path, stop_before_pixels=True)
        pairs.add((str(one.SourceImageSequence[0].ReferencedSOPInstanceUID), str(one.SOPInstanceUID)))
    assert len({source for source, _ in pairs}) == len(pairs)
    return {source for source, _ in pairs}

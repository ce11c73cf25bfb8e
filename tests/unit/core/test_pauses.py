"""A paused worker takes nothing until it may; the Registry keeps the pause."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from petfectior import pauses
from petfectior.errors import NotFound
from petfectior.events import EventKey
from petfectior.handling import Advance, Answer, Claim
from petfectior.service import Ports
from petfectior.topology import wake
from petfectior.work import Stage
from petfectior.worker import Worker
from tests.unit.api.gateway import arriving, connected, packaged, until


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    with connected(tmp_path) as made:
        yield made


def test_a_paused_worker_takes_no_event_until_it_is_resumed(ports: Ports) -> None:
    task = ports.tasks.insert(packaged(ports, arriving()))
    ports.bus.publish(wake(task))
    asked = itertools.count()
    enough, handled, stop = threading.Event(), threading.Event(), threading.Event()

    def paused() -> bool:
        if next(asked) == 3:
            enough.set()
        return "transfer" in pauses.all_pauses(ports.registry)

    def handle(_: Claim) -> Answer:
        handled.set()
        return Advance(Stage.PROCESS)

    pauses.pause(ports.registry, "transfer", "ana")
    worker = Worker(
        "transfer",
        {EventKey.PACKAGE_CREATED: handle},
        bus=ports.bus,
        tasks=ports.tasks,
        owner="transfer-0",
        threads=1,
        paused=paused,
    )
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        assert enough.wait(60)
        assert not handled.is_set()
        assert ports.bus.depth("transfer").ready == 1
        pauses.resume(ports.registry, "transfer")
        assert handled.wait(60)
    finally:
        stop.set()
        thread.join()


def test_a_switch_follows_the_registry(ports: Ports) -> None:
    switch = pauses.Switch(ports.registry, "scu")
    assert not switch.paused()
    pauses.pause(ports.registry, "scu", "ana")
    until(switch.paused, 60)
    assert not pauses.Switch(ports.registry, "transfer").paused()
    pauses.resume(ports.registry, "scu")
    until(lambda: not switch.paused(), 60)


@pytest.mark.parametrize("name", ["api", "nobody"])
def test_what_nobody_could_resume_cannot_be_paused(ports: Ports, name: str) -> None:
    with pytest.raises(NotFound):
        pauses.pause(ports.registry, name, "ana")

"""Slots of a destination, shared by all replicas."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.errors import Busy
from petfectior.task import Destination
from services.scu.slots import SLOT, down_for, key_of, mark_down, mark_up, slot

WS = Destination(name="WS", ae_title="WS", address="10.0.0.1", port=104)
PACS = Destination(name="PACS", ae_title="PACS", address="10.0.0.2", port=104)


@pytest.fixture
def registry(tmp_path: Path) -> SqliteRegistry:
    return SqliteRegistry(tmp_path)


def test_key_shows_neither_title_nor_address() -> None:
    assert not any(part in key_of(PACS) for part in ("PACS", "10.0.0.2"))
    assert key_of(WS) != key_of(PACS)


def test_name_of_a_device_makes_no_other_destination() -> None:
    assert key_of(WS) == key_of(WS.model_copy(update={"name": "Reading room"}))


def test_full_destination_refuses_and_others_do_not_mind(registry: SqliteRegistry) -> None:
    with slot(registry, WS, 1, "a"):
        with pytest.raises(Busy, match="no-free-slot"), slot(registry, WS, 1, "b"):
            pass
        with slot(registry, PACS, 1, "c"):
            assert len(registry.list(SLOT)) == 2
    assert registry.list(SLOT) == []


def test_slot_of_a_dead_worker_is_taken_over(registry: SqliteRegistry) -> None:
    registry.put(SLOT, f"{key_of(WS)}-0", {"token": "dead", "until": time.time() - 1})
    with slot(registry, WS, 1, "b"):
        assert [record.value["token"] for record in registry.list(SLOT)] == ["b"]


def test_racing_workers_never_hold_more_than_allowed(registry: SqliteRegistry) -> None:
    together = Barrier(6)

    def race(number: int) -> bool:
        together.wait()
        try:
            with slot(registry, WS, 2, str(number)):
                together.wait()
                return True
        except Busy:
            together.wait()
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(race, range(6))) == 2


def test_destination_is_down_until_it_is_said_to_be_up(registry: SqliteRegistry) -> None:
    assert down_for(registry, WS) == 0
    mark_down(registry, WS, time.time() + 60)
    assert 50 < down_for(registry, WS) <= 60
    assert down_for(registry, PACS) == 0
    mark_up(registry, WS)
    assert down_for(registry, WS) == 0


def test_mark_ends_by_itself(registry: SqliteRegistry) -> None:
    mark_down(registry, WS, time.time() - 1)
    assert down_for(registry, WS) == 0

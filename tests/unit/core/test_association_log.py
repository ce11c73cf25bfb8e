"""The association log keeps the newest entries and counts equal refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from petfectior import association_log
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.association_log import Association, Result

HOUR = 3600.0


@pytest.fixture
def registry(tmp_path: Path) -> SqliteRegistry:
    return SqliteRegistry(tmp_path)


def entry(began: float, result: Result = Result.RELEASED, address: str = "10.0.0.1") -> Association:
    return Association(began=began, ended=began + 1, address=address, calling_ae_title="CT", result=result)


def test_newest_come_first(registry: SqliteRegistry) -> None:
    for began in (5.0, 1_000_000.0, 70.0):
        association_log.add(registry, entry(began))
    assert [one.began for one in association_log.newest(registry, 2)] == [1_000_000.0, 70.0]


def test_equal_refusals_of_an_hour_are_one_entry_with_a_count(registry: SqliteRegistry) -> None:
    for began in (10.0, 20.0, 30.0, HOUR + 10):
        association_log.add(registry, entry(began, Result.REJECTED))
    association_log.add(registry, entry(15.0, Result.REJECTED, address="10.0.0.2"))
    counts = {(one.address, one.began): one.count for one in association_log.newest(registry)}
    assert counts == {("10.0.0.1", 10.0): 3, ("10.0.0.1", HOUR + 10): 1, ("10.0.0.2", 15.0): 1}


def test_associations_that_came_about_are_entries_of_their_own(registry: SqliteRegistry) -> None:
    for began in (10.0, 10.5):
        association_log.add(registry, entry(began))
    assert [one.count for one in association_log.newest(registry)] == [1, 1]


def test_log_is_trimmed_to_the_newest(registry: SqliteRegistry) -> None:
    for began in range(10):
        association_log.add(registry, entry(float(began)))
    assert association_log.trim(registry, kept=3) == 7
    assert [one.began for one in association_log.newest(registry)] == [9.0, 8.0, 7.0]

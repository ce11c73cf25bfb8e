"""The embedded EventBus keeps the contract, and its file survives crashes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.event_bus import EventBusContract
from tests.contract.processes import Backend


class TestSqliteEventBus(EventBusContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[Backend]:
        yield Backend("petfectior.adapters.sqlite_bus:SqliteEventBus", str(tmp_path))
        with closing(sqlite3.connect(tmp_path / "bus.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

"""The embedded Journal keeps the contract, and its file lets nobody change the audit trail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from petfectior.journal import Journal, Kind
from tests.contract.journal import JournalContract, line
from tests.contract.processes import Backend


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[Backend]:
        yield Backend("petfectior.adapters.sqlite_journal:SqliteJournal", str(tmp_path))
        with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    @pytest.mark.parametrize("act", ["DELETE FROM lines", "UPDATE lines SET text = '{}'"])
    def test_the_audit_trail_cannot_be_changed(self, journal: Journal, tmp_path: Path, act: str) -> None:
        journal.append([line(kind=Kind.AUDIT)])
        with (
            closing(sqlite3.connect(tmp_path / "journal.db")) as connection,
            pytest.raises(sqlite3.IntegrityError, match="append-only"),
        ):
            connection.execute(act)

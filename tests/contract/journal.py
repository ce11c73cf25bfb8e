"""What every Journal does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import pytest

from petfectior.journal import Journal, Kind, Line, Search, identity
from tests.contract.processes import Backend

NOW = 1_800_000_000.0


def line(at: float = NOW, **fields: Any) -> Line:
    given = {"kind": Kind.LOG, "service": "scp", "level": "info", "fields": {"event": "part.sealed"}}
    return Line(**{"id": identity(at), "at": at, **given, **fields})


class JournalContract(ABC):
    """Subclassed once per backend."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Backend:
        """Return an empty backend."""

    @pytest.fixture
    def journal(self, backend: Backend) -> Iterator[Journal]:
        journal = backend.open()
        yield journal
        journal.close()

    def test_a_line_is_read_back_as_it_was(self, journal: Journal) -> None:
        one = line(task="t", fields={"event": "añ\x00ö", "a.b": {"$c": [1, 2.5, None]}})
        journal.append([one])
        assert journal.find(Search(kind=Kind.LOG)) == [one]
        assert journal.find(Search(kind=Kind.AUDIT)) == []

    def test_nothing_appended_is_nothing_stored(self, journal: Journal) -> None:
        journal.append([])
        assert journal.find(Search(kind=Kind.LOG)) == []

    def test_the_newest_come_first_page_by_page(self, journal: Journal) -> None:
        lines = [line(NOW + number) for number in range(5)]
        journal.append([lines[number] for number in (3, 0, 4, 1, 2)])
        first = journal.find(Search(kind=Kind.LOG, limit=2))
        assert first == [lines[4], lines[3]]
        rest = journal.find(Search(kind=Kind.LOG, before=first[-1].id))
        assert rest == [lines[2], lines[1], lines[0]]

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ({"services": ("scu", "api")}, [1]),
            ({"levels": ("error",)}, [2]),
            ({"task": "t-1"}, [0]),
            ({"since": NOW + 1}, [2, 1]),
            ({"until": NOW + 1}, [0]),
            ({"since": NOW + 1, "until": NOW + 2}, [1]),
            ({"text": "PART.se"}, [0]),
            ({"text": 'say "5 %_"'}, [2]),
            ({"text": "part%"}, []),
            ({"text": "scp", "services": ("scp",)}, []),
        ],
    )
    def test_lines_are_found_by(self, journal: Journal, search: dict[str, Any], found: list[int]) -> None:
        lines = [
            line(NOW, task="t-1"),
            line(NOW + 1, service="scu", fields={"event": "delivery.done"}),
            line(NOW + 2, level="error", fields={"event": 'say "5 %_"'}),
        ]
        journal.append(lines)
        assert journal.find(Search(kind=Kind.LOG, **search)) == [lines[number] for number in found]

    def test_a_line_that_is_sent_again_is_stored_once(self, journal: Journal) -> None:
        old, new = line(NOW), line(NOW + 1)
        journal.append([old])
        journal.append([old, new])
        assert journal.find(Search(kind=Kind.LOG)) == [new, old]

    def test_old_log_lines_are_forgotten_and_the_audit_trail_is_kept(self, journal: Journal) -> None:
        audit = line(NOW, kind=Kind.AUDIT)
        old, new = line(NOW), line(NOW + 10)
        journal.append([audit, old, new])
        assert journal.forget(NOW + 5) == 1
        assert journal.find(Search(kind=Kind.LOG)) == [new]
        assert journal.find(Search(kind=Kind.AUDIT)) == [audit]

"""Brings a service's log lines to the Journal, behind its back: no line keeps a series waiting.

Lines that the Journal does not take wait, up to a number; then the oldest are dropped from here. They are
still on stdout and in the service's file.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from typing import Final

from petfectior.errors import PetfectiorError
from petfectior.journal import Journal, Kind, Line, identity

MOST: Final = 20_000
AT_ONCE: Final = 500
PAUSE: Final = 0.5
_TOLD_APART: Final = ("service", "level", "task", "timestamp")


class Shipping:
    """A stream of JSON lines that ends in the Journal."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=MOST)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> None:
        """Take one line of the log."""
        fields = json.loads(text)
        now = time.time()
        line = Line(
            id=identity(now),
            kind=Kind.LOG,
            at=now,
            service=fields.get("service", ""),
            level=fields.get("level", "info"),
            task=fields.get("task"),
            fields={name: value for name, value in fields.items() if name not in _TOLD_APART},
        )
        self._lines.append(line)

    def flush(self) -> None:
        """Do nothing: lines go in their own time."""

    def start(self, journal: Journal) -> None:
        """Begin to bring lines to the Journal."""
        self._thread = threading.Thread(target=self._run, args=(journal,), name="log-shipping", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Bring the last lines and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, journal: Journal) -> None:
        while not self._stop.wait(PAUSE):
            self._bring(journal)
        self._bring(journal)

    def _bring(self, journal: Journal) -> None:
        while self._lines:
            lines = [self._lines[number] for number in range(min(AT_ONCE, len(self._lines)))]
            try:
                journal.append(lines)
            except PetfectiorError:
                return  # a word about it would only wait here as well
            for line in lines:
                if self._lines and self._lines[0].id == line.id:
                    self._lines.popleft()

"""A service's log file, whose size is bounded: a full one is put aside and the oldest of those removed."""

from __future__ import annotations

import fcntl
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

BYTES: Final = 10 << 20
KEPT: Final = 4


class LogFile:
    """A stream of lines into ``<path>``, and ``<path>.1`` and so on when it is full.

    Several processes may write into one file, as replicas of a service on one machine do.

    Parameters
    ----------
    size
        Bytes from which a file is put aside.
    kept
        How many of those are kept.
    """

    def __init__(self, path: Path, size: int = BYTES, kept: int = KEPT) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = _Shared(path, maxBytes=size, backupCount=kept, encoding="utf-8")

    def write(self, text: str) -> None:
        """Take one line, with its end."""
        self._handler.handle(logging.makeLogRecord({"msg": text.removesuffix("\n")}))

    def flush(self) -> None:
        """Do nothing: each line is written at once."""

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class _Shared(RotatingFileHandler):
    """Follows the file when another process has put it aside, and lets one process at a time do so."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        if self._moved():
            self._reopen()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        with Path(f"{self.baseFilename}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._moved():
                self._reopen()
            else:
                super().doRollover()

    def _moved(self) -> bool:
        try:
            return self.stream is None or not os.path.samestat(
                Path(self.baseFilename).stat(), os.fstat(self.stream.fileno())
            )
        except FileNotFoundError:
            return True

    def _reopen(self) -> None:
        if self.stream is not None:
            self.stream.close()
        self.stream = self._open()

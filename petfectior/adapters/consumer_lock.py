"""A consumer's sign of life: a locked file. The kernel drops the lock when its process dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from uuid import uuid4


class ConsumerLock:
    """Held while a consumer lives; `is_dead` of another process sees its end at once, kill -9 included."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = uuid4().hex
        self._path = _path(folder, self.name)
        unnamed = self._path.with_suffix(".new")
        self._descriptor = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        # Named only once locked, so that nobody finds it free while its owner lives.
        unnamed.rename(self._path)

    def release(self) -> None:
        """Give up the name."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def is_dead(folder: Path, name: str) -> bool:
    """Tell whether the consumer of that name has ended."""
    try:
        descriptor = os.open(_path(folder, name), os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def forget(folder: Path, name: str) -> None:
    """Remove what a dead consumer left."""
    _path(folder, name).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"

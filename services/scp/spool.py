"""The spool: a folder per replica, locked while the replica lives, that holds what is not stored yet.

It is the truth about what was acknowledged. A replica that dies leaves its folder unlocked, and any other
adopts it. No name in it comes from a DICOM value.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog

from petfectior.dicom.part_file import fsync_folder
from petfectior.errors import Permanent, Rejected
from petfectior.task import Source
from services.scp.spool_part import Arrival, Origin, SpoolPart

LOCK: Final = "lock"
log = structlog.get_logger()


def series_key(source: Source, series_uid: bytes) -> str:
    """Return what all parts of one series from one sender have in common."""
    sender = f"{source.calling_ae_title}|{source.address}|"
    return hashlib.sha256(sender.encode() + series_uid.strip(b" \0")).hexdigest()


class Spool:
    """The replica's own folder, and those that it adopted.

    Parameters
    ----------
    root
        Folder that replicas on one volume share.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._mutex = threading.Lock()
        self._open: dict[tuple[Hashable, str], SpoolPart] = {}
        self._parts: dict[str, SpoolPart] = {}
        self._folders: dict[Path, int] = {}
        root.mkdir(parents=True, exist_ok=True)
        self.folder = self._own_folder()

    def _own_folder(self) -> Path:
        # Locked before it has its name, so that nobody adopts it meanwhile.
        hidden = self.root / f".{uuid4().hex}"
        hidden.mkdir()
        lock = _locked(hidden)
        if lock is None:
            raise OSError("a folder of our own is locked by another")
        folder = self.root / hidden.name[1:]
        hidden.rename(folder)
        fsync_folder(self.root)
        self._folders[folder] = lock
        return folder

    def free_bytes(self) -> int:
        """Return what is left on the spool's disk."""
        return shutil.disk_usage(self.folder).free

    def store(self, association: Hashable, source: Source, arrival: Arrival, series_uid: bytes) -> SpoolPart:
        """Keep one instance; it is durable when this returns.

        Raises
        ------
        OSError
            If it is not kept.
        """
        key = series_key(source, series_uid)
        while True:
            part = self._part(association, source, key)
            if part.append(arrival):
                return part
            with self._mutex:
                self._open.pop((association, key), None)

    def _part(self, association: Hashable, source: Source, key: str) -> SpoolPart:
        with self._mutex:
            part = self._open.get((association, key))
            if part is None:
                origin = Origin(part_id=uuid4().hex, source=source, series_key=key, created_at=time.time())
                part = SpoolPart(self.folder, origin)
                try:
                    part.create()
                except OSError:
                    part.remove()
                    raise
                self._open[association, key] = part
                self._parts[part.id] = part
            return part

    def end(self, association: Hashable) -> None:
        """Finish the parts of an association that is over."""
        with self._mutex:
            for place in [place for place in self._open if place[0] == association]:
                self._open.pop(place).finish()

    def parts(self) -> list[SpoolPart]:
        """Return all parts that are not stored yet."""
        with self._mutex:
            return list(self._parts.values())

    def discard(self, part: SpoolPart) -> None:
        """Delete a part that is stored, or empty."""
        with self._mutex:
            self._parts.pop(part.id, None)
        part.remove()

    def adopt(self) -> int:
        """Take up the folders of replicas that are gone; return the number of their parts."""
        adopted = 0
        for folder in self._abandoned():
            for beside in sorted(folder.glob("*.json")):
                adopted += self._adopt(folder, beside)
            self._drop_if_empty(folder)
        return adopted

    def _abandoned(self) -> Iterator[Path]:
        for folder in sorted(self.root.iterdir()):
            if folder.name.startswith(".") or folder in self._folders or not folder.is_dir():
                continue
            with contextlib.suppress(FileNotFoundError):
                lock = _locked(folder)
                if lock is not None:
                    self._folders[folder] = lock
                    yield folder

    def _adopt(self, folder: Path, beside: Path) -> int:
        try:
            part = SpoolPart(folder, Origin.model_validate_json(beside.read_bytes()))
        except ValueError:
            # Its part was never begun: the origin is durable before the first instance is taken.
            beside.unlink()
            return 0
        try:
            part.adopt()
        except (Permanent, Rejected) as error:
            log.error("part.unreadable", part=part.id, exc_info=error)  # noqa: TRY400 - see petfectior.logs
            return 0
        if not part.facts:
            part.remove()
            return 0
        with self._mutex:
            self._parts[part.id] = part
        return 1

    def _drop_if_empty(self, folder: Path) -> None:
        if {one.name for one in folder.iterdir()} - {LOCK}:
            return
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()
        os.close(self._folders.pop(folder))

    def tidy(self) -> None:
        """Remove adopted folders whose parts are all stored."""
        for folder in [one for one in self._folders if one != self.folder]:
            self._drop_if_empty(folder)

    def close(self) -> None:
        """Let go of the folders; what is left in them is adopted by another replica or the next start."""
        for folder in list(self._folders):
            self._drop_if_empty(folder)
        for lock in self._folders.values():
            os.close(lock)
        self._folders.clear()


def _locked(folder: Path) -> int | None:
    """Lock a folder; the lock ends with the process that holds it. None if another has it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor

"""What the server keeps on disk: one folder per job, one empty file per erased id."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

PIECE: Final = 1 << 20
JOB_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{7,63}")


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that after a crash it is whole, old or new."""
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Storage:
    """Files of all jobs under one root."""

    def __init__(self, root: Path) -> None:
        self.jobs = root / "jobs"
        self.tombs = root / "erased"
        self.jobs.mkdir(parents=True, exist_ok=True)
        self.tombs.mkdir(parents=True, exist_ok=True)

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job. Raises ValueError for what is no job id."""
        if not JOB_ID.fullmatch(job_id):
            raise ValueError("not a job id")
        return self.jobs / job_id

    def records(self) -> Iterator[bytes]:
        """Yield what `save` wrote, of every job that is kept."""
        for path in sorted(self.jobs.glob("*/job.json")):
            yield path.read_bytes()

    def save(self, job_id: str, record: bytes) -> None:
        """Store a job's record."""
        self.folder(job_id).mkdir(exist_ok=True)
        write_durably(self.folder(job_id) / "job.json", record)

    def package(self, job_id: str) -> Path:
        """Return the path of the uploaded voxel block."""
        return self.folder(job_id) / "package"

    def result(self, job_id: str) -> Path:
        """Return the path of the concatenated blocks of the result."""
        return self.folder(job_id) / "result"

    def stored(self, job_id: str) -> int:
        """Return how many bytes of the package are on disk."""
        path = self.package(job_id)
        return path.stat().st_size if path.exists() else 0

    def append(self, job_id: str) -> BinaryIO:
        """Open the package to add bytes at its end."""
        return self.package(job_id).open("ab")

    def forget_content(self, job_id: str) -> None:
        """Erase package and result; keep the record."""
        for path in self.folder(job_id).glob("*"):
            if path.name != "job.json":
                path.unlink(missing_ok=True)

    def erase(self, job_id: str) -> None:
        """Erase everything of a job, known or not, and remember that its id must never come back."""
        folder = self.folder(job_id)
        (self.tombs / job_id).touch()
        shutil.rmtree(folder, ignore_errors=True)

    def lose(self, job_id: str) -> None:
        """Forget a job as an accident would: without a tombstone."""
        shutil.rmtree(self.folder(job_id), ignore_errors=True)

    def erased(self, job_id: str) -> bool:
        """Tell whether the id was erased on the client's word."""
        return (self.tombs / job_id).exists()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

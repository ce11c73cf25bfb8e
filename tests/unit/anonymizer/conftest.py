from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from petfectior import devices
from petfectior.adapters.files import FileBlobStore
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.handling import Advance, Claim
from petfectior.settings import Settings
from petfectior.task import Task
from petfectior.work import Stage
from services.anonymizer.anonymize import anonymize
from tests.unit.core.documents import task
from tests.unit.pet import series
from tests.unit.pet.series import Encoded


@dataclass
class House:
    """The embedded adapters in a folder, with one device that gets every result."""

    folder: Path
    blobs: FileBlobStore
    registry: SqliteRegistry
    tasks: SqliteTaskStore

    def task(self, *parts: list[Encoded], **fields: Any) -> Task:
        """Return a stored task with a part for each list of datasets."""
        stored = [
            series.stored(self.blobs, self.folder, part, first_at=float(number))
            for number, part in enumerate(parts)
        ]
        return self.tasks.insert(task(parts=stored, **fields))

    def anonymize(self, document: Task, **settings: object) -> tuple[Task, Advance]:
        """Run the handler; return the task as it would be committed."""
        claim = Claim(task=document, stage=Stage.ANONYMIZE, token=uuid4().hex, tasks=self.tasks)
        fixed = Settings.model_validate(settings)
        answer = anonymize(claim, blobs=self.blobs, registry=self.registry, settings=lambda: fixed)
        changed = document.model_copy(deep=True)
        answer.change(changed)
        return changed, answer


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    registry = SqliteRegistry(tmp_path)
    tasks = SqliteTaskStore(tmp_path)
    workstation = devices.Device(
        name="workstation", ae_title="WS", address="127.0.0.1", port=11112, destination=True
    )
    devices.add(registry, workstation)
    yield House(tmp_path, FileBlobStore(tmp_path / "blobs"), registry, tasks)
    registry.close()
    tasks.close()

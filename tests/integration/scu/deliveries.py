"""A task in its deliver stage, over the embedded adapters."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from pathlib import Path

from petfectior.adapters.files import FileBlobStore
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.deliveries import open_deliveries
from petfectior.dicom import file_meta, header
from petfectior.dicom.part_file import PartWriter
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.handling import Again, Claim, Finish
from petfectior.pet.instance import PET
from petfectior.settings import Settings
from petfectior.task import Delivery, Destination, Output, Source, Task
from petfectior.transitions import claim as take
from petfectior.transitions import finish_delivery, wait
from petfectior.work import Stage, Status
from services.scu.deliver import deliver

COUNT = 12


@dataclass
class Office:
    """Ports, and one task whose series is built."""

    blobs: FileBlobStore
    tasks: SqliteTaskStore
    registry: SqliteRegistry
    settings: Settings
    task_id: str = ""

    @property
    def task(self) -> Task:
        return self.tasks.get(self.task_id)

    @property
    def delivery(self) -> Delivery:
        return self.task.deliveries[-1]

    def turn(self) -> Finish | Again:
        """Claim the last delivery and take one turn; what it answers or raises is the caller's."""
        claim = self.claim()
        answer = deliver(claim, blobs=self.blobs, registry=self.registry, settings=self.settings)
        claim.save(answer.change)
        if isinstance(answer, Finish):
            claim.save(lambda task: finish_delivery(task, task.delivery(self.delivery.id), time.time()))
        return answer

    def claim(self) -> Claim:
        task = self.task
        delivery = task.deliveries[-1]
        if delivery.work.status is Status.WORKING:
            wait(delivery.work, 0.0, None, attempt_counts=True)
        token = f"lease-{task.revision}"
        assert take(task, Stage.DELIVER, delivery.id, "test", time.time(), token=token)
        return Claim(
            task=self.tasks.replace(task),
            stage=Stage.DELIVER,
            token=token,
            tasks=self.tasks,
            delivery_id=delivery.id,
        )


def office(folder: Path, destination: Destination, **settings: object) -> Office:
    """Build a series of `COUNT` small instances and open its delivery."""
    one = Office(
        FileBlobStore(folder / "blobs"),
        SqliteTaskStore(folder),
        SqliteRegistry(folder),
        Settings(data_dir=folder, **settings),  # type: ignore[arg-type]
    )
    path = folder / "series.zip"
    writer = PartWriter(path)
    for number in range(COUNT):
        uid = f"1.2.3.{number}"
        writer.append(file_meta.encode(PET, uid, EXPLICIT_VR_LITTLE_ENDIAN), dataset(uid, number))
    writer.seal()
    writer.close()
    now = time.time()
    task = Task(
        created_at=now,
        updated_at=now,
        frozen_at=now,
        stage=Stage.DELIVER,
        source=Source(calling_ae_title="PET", called_ae_title="PETFECTIOR", address="127.0.0.1"),
        series_key="k",
        destinations=[destination],
        outputs=[
            Output(
                id="plain",
                series_uid="1.2.3",
                count=COUNT,
                blobs=[one.blobs.put("series", [path.read_bytes()])],
            )
        ],
    )
    open_deliveries(task, now)
    one.task_id = one.tasks.insert(task).id
    return one


def dataset(uid: str, number: int) -> bytes:
    """Return a small encoded PET instance, valid enough to be stored anywhere."""
    return b"".join(
        [
            header.element(0x00080016, b"UI", PET.encode()),
            header.element(0x00080018, b"UI", uid.encode()),
            header.element(0x00080060, b"CS", b"PT"),
            header.element(0x00100020, b"LO", b"TEST"),
            header.element(0x0020000D, b"UI", b"1.2.4"),
            header.element(0x0020000E, b"UI", b"1.2.3"),
            header.element(0x00280010, b"US", struct.pack("<H", 64)),
            header.element(0x00280011, b"US", struct.pack("<H", 64)),
            header.element(0x7FE00010, b"OW", bytes([number]) * 8192),
        ]
    )

"""Many stores at once: no response is lost, and what was acknowledged is kept byte for byte."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

from pydicom.uid import generate_uid
from pynetdicom.dsutils import encode

from petfectior.dicom import part_file
from petfectior.dicom.store_scu import OutgoingInstance, associate
from petfectior.task import Destination, Task
from tests.integration.scp import wire
from tests.integration.scp.conftest import House, Node, make_series

SENDERS = 4
STORES = 2500
UID = "1.2.826.0.1.3680043.8.498.0000000000000000000000000"


def _numbered(template: bytes, sender: int, number: int) -> tuple[str, bytes]:
    uid = f"{UID[:-8]}{sender:02d}{number:06d}"
    return uid, template.replace(UID.encode(), uid.encode())


def _send(port: int, sender: int, template: bytes, answers: multiprocessing.Queue[list[int | None]]) -> None:
    to = Destination(name="", ae_title="PETFECTIOR", address="127.0.0.1", port=port)
    instances = []
    for number in range(STORES):
        uid, dataset = _numbered(template, sender, number)
        instances.append(OutgoingInstance(wire.PET, uid, wire.EXPLICIT, lambda dataset=dataset: dataset))
    statuses: list[int | None] = []
    with associate(to, f"SENDER{sender}", {(wire.PET, wire.EXPLICIT)}) as association:
        association.send(instances, lambda _, status: statuses.append(status))
    answers.put(statuses)


def test_ten_thousand_stores_from_four_processes_lose_no_response_and_no_byte(
    node: Node, house: House
) -> None:
    templates = []
    for sender in range(SENDERS):
        (one,) = make_series(1, announced=STORES, SOPInstanceUID=UID, SeriesInstanceUID=generate_uid())
        one.PixelData = bytes([sender]) * (600 + 2 * sender)
        encoded = encode(one, is_implicit_vr=False, is_little_endian=True)
        assert encoded is not None
        templates.append(encoded)
    spawn = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[int | None]] = spawn.Queue()
    senders = [
        spawn.Process(target=_send, args=(node.port, sender, template, answers))
        for sender, template in enumerate(templates)
    ]
    for process in senders:
        process.start()
    assert [answers.get(timeout=300) for _ in senders] == [[0] * STORES] * SENDERS
    for process in senders:
        process.join(60)

    for sender, template in enumerate(templates):
        task = house.task(lambda one, title=f"SENDER{sender}": _stored(one, title))
        assert _digests(house, task) == {
            uid: hashlib.sha256(dataset).hexdigest()
            for uid, dataset in (_numbered(template, sender, number) for number in range(STORES))
        }


def _stored(task: Task, title: str) -> bool:
    mine = task.source.calling_ae_title == title
    return mine and sum(part.count for part in task.parts if part.blob) == STORES


def _digests(house: House, task: Task) -> dict[str, str]:
    found = {}
    for part in task.parts:
        assert part.blob is not None
        with house.ports.blobs.read(part.blob.key) as blob:
            content = blob.read()
        path = Path(house.ports.base.data_dir) / "copy.zip"
        path.write_bytes(content)
        with path.open("rb") as file:
            for one in part_file.instances(file):
                dataset = content[one.offset : one.offset + one.size]
                found[one.sop_instance_uid] = hashlib.sha256(dataset).hexdigest()
    return found

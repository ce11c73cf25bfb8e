"""What is not kept is never answered with success."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)
from pynetdicom import AE
from pynetdicom.dsutils import encode

from petfectior import devices, routing
from petfectior import settings as stored
from petfectior.ledger import change
from petfectior.routes import Route, Table
from petfectior.task import Kind, Output, Task
from petfectior.work import Outcome, Stage
from services.scu.outgoing import outgoing
from tests.integration.scp.conftest import House, Node, store, until

Sender = Callable[..., subprocess.CompletedProcess[str]]
Maker = Callable[..., list[Dataset]]


def spooled(node: Node) -> list[Path]:
    return list((node.data_dir / "spool").rglob("*.zip"))


def test_broken_dataset_gets_c000_and_the_rest_of_the_series_is_gathered(
    node: Node, house: House, series: Maker
) -> None:
    sent = series(6)
    raw = encode(sent[0], is_implicit_vr=False, is_little_endian=True)
    assert raw is not None
    with node.association() as association:
        assert store(association, raw[:-1], like=sent[0]) == 0xC000
        assert store(association, b"\x08\x00\x16\x00??", like=sent[0]) == 0xC000
        assert [store(association, one) for one in sent] == [0] * 6
    assert house.gathered().received == 6


def test_instance_uid_that_differs_from_the_command_gets_c000(node: Node, series: Maker) -> None:
    one, other = series(2)
    raw = encode(one, is_implicit_vr=False, is_little_endian=True)
    assert raw is not None
    with node.association() as association:
        assert store(association, raw, like=other) == 0xC000
    assert not spooled(node)


def test_dataset_of_another_sop_class_gets_a900(node: Node, series: Maker) -> None:
    claimed, disguised = series(1)[0], series(1)[0]
    disguised.SOPClassUID = CTImageStorage
    disguised.SOPInstanceUID = claimed.SOPInstanceUID
    raw = encode(disguised, is_implicit_vr=False, is_little_endian=True)
    assert raw is not None
    with node.association() as association:
        assert store(association, raw, like=claimed) == 0xA900
    assert not spooled(node)


def test_low_disk_gets_a700_and_nothing_is_kept(node: Node, house: House, series: Maker) -> None:

    node.kill(15)
    del node.settings["disk_low_bytes"]
    stored.store(house.ports.base, house.ports.registry, "disk_low_bytes", 1 << 60)
    node.start()
    assert node.send(series(2)) == [0xA700, 0xA700]
    assert not spooled(node)
    assert house.tasks() == []

    stored.store(house.ports.base, house.ports.registry, "disk_low_bytes", 0)
    sent = series(5)
    with node.association() as association:
        until(lambda: store(association, sent[0]) == 0)
    node.send(sent[1:])
    assert house.gathered().received == 5


@pytest.mark.parametrize("sop_class", [CTImageStorage, EnhancedPETImageStorage])
def test_what_is_not_processed_is_refused_at_negotiation(node: Node, sop_class: str) -> None:
    entity = AE()
    entity.add_requested_context(sop_class)
    entity.add_requested_context("1.2.840.10008.1.1")
    association = entity.associate("127.0.0.1", node.port)
    assert [one.abstract_syntax for one in association.accepted_contexts] == ["1.2.840.10008.1.1"]
    assert association.send_c_echo().Status == 0
    association.release()


def test_deflated_pet_is_refused_at_negotiation(node: Node) -> None:
    entity = AE()
    entity.add_requested_context(PositronEmissionTomographyImageStorage, DeflatedExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", node.port)
    assert not association.accepted_contexts


def test_malformed_files_of_others_disturb_nothing(
    node: Node, house: House, storescu: Sender, series: Maker, shared_data: Path
) -> None:
    odd = sorted((shared_data / "dicom" / "odd_malformed").rglob("*.dcm"))
    storescu(node, odd, "--no-halt", "-xs")
    storescu(node, sorted((shared_data / "dicom" / "ct_ge_crop_sts001").rglob("*"))[:3], "--no-halt")
    assert node.send(series(5)) == [0] * 5
    assert house.gathered().received == 5
    assert len(house.tasks()) == 1


def test_our_own_derived_series_is_rejected_at_once(node: Node, house: House, series: Maker) -> None:
    equipment = Dataset()
    equipment.Manufacturer = "PETfectior"
    with node.association() as association:
        sent = series(6, ContributingEquipmentSequence=[equipment])
        assert store(association, sent[0]) == 0
        task = house.rejected()
        assert task.work.reason.code == "own-derived-series"
        assert [store(association, one) for one in sent[1:]] == [0] * 5
    task = house.task(lambda one: one.parts[0].blob is not None)
    assert (len(house.tasks()), task.outcome, task.parts[0].count) == (1, Outcome.REJECTED, 6)


def test_series_that_a_task_derived_is_recognised_by_its_uid(node: Node, house: House, series: Maker) -> None:

    node.send(series(5))
    earlier = house.gathered()
    uid = generate_uid()

    def derive(task: Task) -> None:
        task.outputs = [Output(id="o", series_uid=uid)]

    change(house.ports.tasks, earlier.id, derive)
    node.send(series(5, SeriesInstanceUID=uid))
    assert house.rejected().work.reason.code == "own-derived-series"


def test_other_classes_are_forwarded_when_a_setting_accepts_them(
    node: Node, house: House, storescu: Sender, shared_data: Path
) -> None:

    node.kill(15)
    node.start(accept_other="true")
    devices.add(
        house.ports.registry,
        devices.Device(name="pacs", ae_title="PACS", address="127.0.0.1", port=104, destination=True),
    )
    files = sorted((shared_data / "dicom" / "ct_ge_crop_sts001").rglob("*.dcm"))[:4]
    assert storescu(node, [*files, files[1]]).returncode == 0
    task = house.task(lambda one: one.stage is Stage.DELIVER)
    assert sum(part.count for part in task.parts) == 5
    assert (task.kind, task.received, task.outputs[0].count) == (Kind.FORWARD, 4, 4)
    with outgoing(house.ports.blobs, task.outputs) as sent:
        assert len({one.sop_instance_uid for one in sent}) == len(sent) == 4
    assert [one.destination.ae_title for one in task.deliveries] == ["PACS"]
    until(lambda: house.ports.bus.depth("scu").ready == 1)


def test_forward_without_a_destination_is_rejected(node: Node, house: House, series: Maker) -> None:
    node.kill(15)
    node.start(accept_other="true")
    with node.association() as _:
        association = node.connect(CTImageStorage)
        assert store(association, series(1, SOPClassUID=CTImageStorage)[0]) == 0
        association.release()
    assert house.rejected().work.reason.code == "forward-without-destination"


@pytest.mark.parametrize("gone", [False, True])
def test_a_forward_goes_as_its_route_says_or_is_rejected(
    node: Node, house: House, series: Maker, *, gone: bool
) -> None:
    node.kill(15)
    node.start(accept_other="true", quiet_seconds="1")
    registry = house.ports.registry
    for name, fixed in (("pacs", True), ("archive", False)):
        one = devices.Device(name=name, ae_title=name, address="127.0.0.1", port=104, destination=fixed)
        devices.add(registry, one)
    calling = node.connect(CTImageStorage)
    title = calling.requestor.ae_title
    route = Route(name="ct", calling_ae_title=title, destinations=("archive",))
    routing.save(registry, Table(routes=(route,)))
    if gone:
        registry.delete(devices.KIND, "archive")
    assert store(calling, series(1, SOPClassUID=CTImageStorage)[0]) == 0
    calling.release()
    if gone:
        assert house.rejected().work.reason.code == "route-destination-gone"
    else:
        task = house.task(lambda one: one.stage is Stage.DELIVER)
        assert [one.destination.name for one in task.deliveries] == ["archive"]

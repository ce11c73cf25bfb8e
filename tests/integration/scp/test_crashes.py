"""Kill -9 at any point loses nothing that was acknowledged; a stop stores everything."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from petfectior.dicom import part_file
from petfectior.task import PartState
from petfectior.work import Stage
from tests.integration.scp.conftest import House, Node, store, until

Maker = Callable[..., list[Dataset]]


def test_all_acknowledged_instances_are_adopted_after_a_kill(node: Node, house: House, series: Maker) -> None:
    sent = series(40)
    association = node.connect()
    assert [store(association, one) for one in sent[:25]] == [0] * 25
    node.kill()
    association.abort()

    node.start()
    node.send(sent[25:])
    task = house.gathered()
    assert (task.received, len(task.parts), len(house.tasks())) == (40, 2, 1)
    assert all(part.state is PartState.SEALED for part in task.parts)
    until(lambda: len(list((node.data_dir / "spool").iterdir())) == 1)


def test_kill_under_way_loses_none_of_the_acknowledged(node: Node, house: House, series: Maker) -> None:
    sent = series(400)
    acknowledged: list[str] = []
    enough = threading.Event()

    def send() -> None:
        association = node.connect()
        for one in sent:
            status = association.send_c_store(one) if association.is_established else None
            if not status or status.get("Status") != 0:
                break
            acknowledged.append(one.SOPInstanceUID)
            if len(acknowledged) == 30:
                enough.set()

    sender = threading.Thread(target=send)
    sender.start()
    assert enough.wait(60)
    node.kill()
    sender.join(60)

    node.start()
    task = house.rejected()
    with house.ports.blobs.read(task.parts[0].blob.key) as part:
        kept = {one.sop_instance_uid for one in part_file.instances(part)}
    assert set(acknowledged) <= kept
    assert len(kept) - len(acknowledged) <= 1  # the one whose answer was under way


def test_torn_tail_of_a_part_is_cut_off(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    association = node.connect()
    for one in sent[:4]:
        assert store(association, one) == 0
    node.kill()
    association.abort()
    (part,) = (node.data_dir / "spool").rglob("*.zip")
    with part.open("ab") as file:
        file.write(part.read_bytes()[:200])
    node.start()
    assert house.rejected().received == 4


def test_terminated_scp_stores_its_open_parts(node: Node, house: House, series: Maker) -> None:
    association = node.connect()
    for one in series(6)[:4]:
        assert store(association, one) == 0
    house.task(lambda one: bool(one.parts))
    assert node.kill(signal.SIGTERM) == 0
    association.abort()
    (task,) = house.tasks()
    assert (task.parts[0].state, task.parts[0].count, task.stage) == (PartState.SEALED, 4, Stage.RECEIVE)
    assert list((node.data_dir / "spool").iterdir()) == []


def test_two_replicas_gather_one_series(node: Node, house: House, series: Maker) -> None:
    sent = series(12)
    other = Node(node.data_dir, dict(node.settings)).start()
    try:
        with node.association() as one, other.association() as two:
            assert [store(one, instance) for instance in sent[:6]] == [0] * 6
            assert [store(two, instance) for instance in sent[6:]] == [0] * 6
        task = house.gathered()
        assert (task.received, len({part.replica for part in task.parts})) == (12, 2)
    finally:
        other.kill(signal.SIGTERM)


def test_living_replica_adopts_the_spool_of_a_dead_one(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    other = Node(node.data_dir, dict(node.settings)).start()
    association = other.connect()
    for one in sent:
        assert store(association, one) == 0
    house.task(lambda one: bool(one.parts))
    other.kill()
    association.abort()
    assert house.gathered().received == 6


@pytest.mark.parametrize("association_is_open", [True, False])
def test_part_opens_with_a_zip_tool(
    node: Node, house: House, series: Maker, tmp_path: Path, *, association_is_open: bool
) -> None:
    with node.association() as association:
        for one in series(5):
            store(association, one)
        if association_is_open:
            task = house.gathered()
    if not association_is_open:
        task = house.gathered()
    with house.ports.blobs.read(task.parts[0].blob.key) as blob:
        (tmp_path / "part.zip").write_bytes(blob.read())
    assert zipfile.ZipFile(tmp_path / "part.zip").namelist() == [f"{n:08d}.dcm" for n in range(1, 6)]


def test_peer_that_does_not_hang_up_does_not_hold_the_stop(node: Node, house: House, series: Maker) -> None:
    association = node.connect()
    for one in series(6)[:4]:
        assert store(association, one) == 0
    association._reactor_checkpoint.clear()
    until(lambda: association._is_paused)
    began = time.monotonic()
    assert node.kill(signal.SIGTERM) == 0
    assert time.monotonic() - began < 15
    association.abort()
    assert house.tasks()[0].parts[0].state is PartState.SEALED


def test_instances_are_accepted_while_the_store_is_down(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    holder = sqlite3.connect(node.data_dir / "store" / "tasks.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert node.send(sent) == [0] * 6
    assert house.tasks() == []
    holder.execute("ROLLBACK")
    holder.close()
    assert house.gathered().received == 6

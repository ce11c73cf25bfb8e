"""The spool keeps what it acknowledged, under names of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from petfectior.task import Source
from services.scp.spool import Spool, series_key
from services.scp.spool_part import Arrival

SOURCE = Source(calling_ae_title="SCANNER", called_ae_title="PETFECTIOR", address="127.0.0.1")
EVIL = b"../../etc/passwd"


def arrival(number: int) -> Arrival:
    header = {0x0020000E: EVIL}
    return Arrival("1.2.128", f"1.2.{number}", "1.2.840.10008.1.2", header, b"\x10\0\x20\0\x02\0\0\0ID", "")


def test_parts_are_per_association_and_series(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = spool.store("a", SOURCE, arrival(1), EVIL)
    assert spool.store("a", SOURCE, arrival(2), EVIL) is first
    assert spool.store("b", SOURCE, arrival(3), EVIL) is not first
    assert spool.store("a", SOURCE, arrival(4), b"1.2") is not first
    assert len(spool.parts()) == 3


def test_no_name_comes_from_a_dicom_value(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.store("a", SOURCE, arrival(1), EVIL)
    names = [name for _, folders, files in os.walk(tmp_path) for name in folders + files]
    assert not any("passwd" in name or "1.2" in name or "SCANNER" in name for name in names)
    assert [one.name for one in tmp_path.iterdir()] == ["spool"]


def test_instances_after_a_part_is_finished_open_another(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = spool.store("a", SOURCE, arrival(1), EVIL)
    first.finish()
    second = spool.store("a", SOURCE, arrival(2), EVIL)
    assert (first.count, second.count) == (1, 1)


def test_folder_of_a_living_replica_is_not_adopted(tmp_path: Path) -> None:
    living, other = Spool(tmp_path), Spool(tmp_path)
    living.store("a", SOURCE, arrival(1), EVIL)
    assert other.adopt() == 0


def test_folder_of_a_replica_that_is_gone_is_adopted_once(tmp_path: Path) -> None:
    gone = Spool(tmp_path)
    gone.store("a", SOURCE, arrival(1), EVIL)
    gone.store("a", SOURCE, arrival(2), EVIL)
    gone.close()
    heir, late = Spool(tmp_path), Spool(tmp_path)
    assert (heir.adopt(), late.adopt()) == (1, 0)
    (part,) = heir.parts()
    assert [one.sop_instance_uid for one in part.facts] == ["1.2.1", "1.2.2"]
    assert part.origin.source == SOURCE
    heir.discard(part)
    heir.tidy()
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([heir.folder.name, late.folder.name])


@pytest.mark.parametrize("content", ["", '{"part_id": "x"}'])
def test_origin_cut_by_a_crash_is_dropped(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "0123"
    folder.mkdir()
    (folder / "part.json").write_text(content)
    spool = Spool(tmp_path)
    assert spool.adopt() == 0
    assert not folder.exists()


def test_series_key_tells_senders_apart_and_holds_none_of_them() -> None:
    other = SOURCE.model_copy(update={"calling_ae_title": "OTHER"})
    keys = {series_key(SOURCE, b"1.2"), series_key(SOURCE, b"1.3"), series_key(other, b"1.2")}
    assert len(keys) == 3
    assert series_key(SOURCE, b"1.2\0") in keys

"""A series comes in by C-STORE from real senders and ends as a task with its part."""

from __future__ import annotations

import io
import subprocess
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from pydicom import Dataset, dcmread

from petfectior.actions import process_as_it_is
from petfectior.pet import instance
from petfectior.reasons import sentence
from petfectior.task import Kind
from petfectior.work import Stage, Status
from tests.integration.scp.conftest import House, Node, store, until

Sender = Callable[..., subprocess.CompletedProcess[str]]
Maker = Callable[..., list[Dataset]]


def test_real_series_from_storescu_is_gathered_byte_for_byte(
    node: Node, house: House, storescu: Sender, shared_data: Path
) -> None:
    files = sorted((shared_data / "dicom" / "derived_siemens_header_phantom").rglob("*.dcm"))
    assert storescu(node, files).returncode == 0

    task = house.gathered()
    assert (task.expected, task.received, task.kind) == (89, 89, Kind.PROCESS)
    assert (task.status, task.open_key) == (Status.WAITING, None)
    assert task.series.patient_name == "NEMA^PHANTOM"
    until(lambda: house.ports.bus.depth("anonymizer").ready == 1)
    with house.ports.blobs.read(task.parts[0].blob.key) as part:
        archive = zipfile.ZipFile(io.BytesIO(part.read()))
    assert archive.testzip() is None
    sent = {dcmread(path).SOPInstanceUID: dcmread(path).PixelData for path in files}
    came = [dcmread(archive.open(name)) for name in archive.namelist()]
    assert {one.SOPInstanceUID: one.PixelData for one in came} == sent
    until(lambda: not list((node.data_dir / "spool").rglob("*.zip")))


def test_index_points_at_the_datasets_within_the_part(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    node.send(sent)
    part = house.gathered().parts[0]
    with house.ports.blobs.read(part.index.key) as lines:
        facts = list(instance.read_index(lines))
    with house.ports.blobs.read(part.blob.key, facts[3].offset, facts[3].size) as raw:
        dataset = raw.read()
    assert len(dataset) == facts[3].size
    assert sent[3].SOPInstanceUID.encode() in dataset
    assert [one.sop_instance_uid for one in facts] == [one.SOPInstanceUID for one in sent]


def test_series_in_reverse_order_is_complete_before_the_association_ends(
    node: Node, house: House, series: Maker
) -> None:
    with node.association() as association:
        for one in reversed(series(6)):
            assert store(association, one) == 0
        assert house.gathered().received == 6


def test_two_interleaved_series_on_one_association_make_two_tasks(
    node: Node, house: House, series: Maker
) -> None:
    first, second = series(6), series(7)
    assert set(
        node.send([one for pair in zip(first, second, strict=False) for one in pair] + second[6:])
    ) == {0}
    until(lambda: sum(task.stage is Stage.ANONYMIZE for task in house.tasks()) == 2)
    assert sorted(task.received for task in house.tasks()) == [6, 7]


def test_series_split_over_two_associations_makes_one_task(node: Node, house: House, series: Maker) -> None:
    sent = series(12)
    halves = [threading.Thread(target=node.send, args=(half,)) for half in (sent[::2], sent[1::2])]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    task = house.gathered()
    assert (len(house.tasks()), task.received, len(task.parts)) == (1, 12, 2)


def test_series_with_a_missing_slice_is_rejected_with_its_position_and_goes_on_when_it_comes(
    node: Node, house: House, series: Maker
) -> None:
    sent = series(6)
    node.send(sent[:2] + sent[3:])
    task = house.rejected()
    assert task.work.reason.code == "series-incomplete-positions"
    assert "5 of 6" in sentence(task.work.reason)
    assert "6.0 mm" in sentence(task.work.reason)

    node.send(sent[2:3])
    task = house.gathered()
    assert (len(house.tasks()), task.received, task.outcome) == (1, 6, None)


def test_series_of_unknown_length_is_complete_after_the_quiet_time(
    node: Node, house: House, series: Maker
) -> None:
    node.send(series(6, announced=None))
    task = house.gathered()
    assert (task.expected, task.received) == (None, 6)


def test_rejected_series_is_processed_as_it_is_on_a_persons_word(
    node: Node, house: House, series: Maker
) -> None:
    node.send(series(6, announced=9))
    task = house.rejected()
    process_as_it_is(house.ports.tasks, house.ports.bus, task.id, "person")
    assert house.gathered().received == 6


def test_copies_count_once_and_differing_ones_are_noted(node: Node, house: House, series: Maker) -> None:
    sent = series(6)
    other = series(1)[0]
    other.SOPInstanceUID, other.SeriesInstanceUID = sent[0].SOPInstanceUID, sent[0].SeriesInstanceUID
    node.send([*sent[:5], sent[1], other, sent[5]])
    task = house.gathered()
    assert (task.received, task.parts[0].count) == (6, 8)
    assert [note.reason.code for note in task.notes] == ["instances-conflict"]


def test_senders_name_is_decoded_in_its_character_set(node: Node, house: House, series: Maker) -> None:
    node.send(series(5))
    assert house.gathered().series.patient_name == "Müller^Jürgen"


def test_no_identifier_is_logged(node: Node, house: House, series: Maker) -> None:
    sent = series(5, patient="SECRET-ID")
    node.send(sent, title="SECRETAE")
    house.gathered()
    text = (node.data_dir / "logs" / "scp.log").read_text()
    for secret in ("SECRET", "Müller", sent[0].SeriesInstanceUID, sent[0].SOPInstanceUID, "127.0.0.1"):
        assert secret not in text

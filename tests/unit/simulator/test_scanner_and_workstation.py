"""Scanner and workstation, against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from petfectior.dicom.store_scu import AETitleRefused, AssociationAborted, ResponseMissing
from simulator import scanner
from simulator.workstation import Behaviour, Workstation

Start = Callable[..., tuple[Workstation, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Workstation] = []

    def begin(behaviour: Behaviour | None = None, *, strict: bool = False) -> tuple[Workstation, str]:
        one = Workstation("WORKSTATION", tmp_path / "kept", behaviour, strict=strict)
        running.append(one)
        return one, f"WORKSTATION@127.0.0.1:{one.start()}"

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def source() -> scanner.Source:
    return scanner.phantom(slices=47, matrix=32)


def test_all_instances_arrive_once_and_in_order(start: Start, source: scanner.Source) -> None:
    workstation, address = start()
    sent = scanner.send(source, address)
    assert (sent.total, sent.accepted) == (47, 47)
    (series,) = workstation.report()["series"].values()
    assert series == {"count": 47, "instances": 47, "out_of_order": 0}
    kept = {str(dcmread(path).SOPInstanceUID) for path in workstation.files()}
    assert kept == {one.sop_instance_uid for one in source.instances}


def test_instances_out_of_order_are_counted(start: Start, source: scanner.Source) -> None:
    workstation, address = start()
    mixed = source.instances[:10] + source.instances[20:30] + source.instances[10:20]
    scanner.send(scanner.Source(mixed), address)
    (series,) = workstation.report()["series"].values()
    assert series["out_of_order"] == 1


@pytest.mark.parametrize("status", [0xA700, 0xC000, 0x0122])
def test_a_status_it_is_told_to_answer(start: Start, source: scanner.Source, status: int) -> None:
    workstation, address = start(Behaviour(status=status, times=5))
    sent = scanner.send(source, address)
    assert sent.statuses == {f"{status:04X}": 5, "0000": 42}
    assert len(workstation.files()) == sent.accepted == 42


def test_a_warning_is_answered_and_the_instance_kept(start: Start, source: scanner.Source) -> None:
    workstation, address = start(Behaviour(status=0xB000))
    sent = scanner.send(source, address)
    assert sent.accepted == len(workstation.files()) == 47


def test_an_abort_after_so_many(start: Start, source: scanner.Source) -> None:
    workstation, address = start(Behaviour(abort_after=7, times=1))
    with pytest.raises((AssociationAborted, ResponseMissing)):
        scanner.send(source, address)
    assert len(workstation.files()) == 7
    assert scanner.send(source, address).accepted == 47


def test_another_ae_title_is_refused_when_it_is_strict(start: Start, source: scanner.Source) -> None:
    _, address = start(strict=True)
    with pytest.raises(AETitleRefused):
        scanner.send(source, address.replace("WORKSTATION", "OTHER"))


def test_a_folder_is_sent_as_it_is(start: Start, source: scanner.Source, shared_data: Path) -> None:
    del source
    workstation, address = start()
    folder = scanner.folder(shared_data / "dicom" / "pet_suv_gml_crop_sts001")
    sent = scanner.send(folder, address)
    assert sent.accepted == len(workstation.files()) == 59


@pytest.mark.parametrize("text", ["AET", "AET@host", "@host:1", "AET@:1", "AET@host:x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="AET@host:port"):
        scanner.address(text)

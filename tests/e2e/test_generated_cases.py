"""What no real data shows, made by `tests.data`: each is delivered, or refused with its own sentence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from simulator import scanner
from simulator.stack import Stack, wait_for
from tests.conftest import ROOT, absent
from tests.data.cases import ALL, Case
from tests.data.slices import base, uid
from tests.dcmtk import StoreScp
from tests.iod import errors
from tests.voxels import compare

GATEWAY = {"quiet_seconds": "3", "minimum_images": "8"}
DELIVERED = [case for case in ALL if not case.refused]
REFUSED = [case for case in ALL if case.refused]
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Run:
    """All cases, sent through one gateway at once."""

    sent: dict[str, list[Path]]
    tasks: dict[str, dict[str, Any]]
    arrived: dict[str, list[Path]]

    def derived(self, case: Case) -> list[Path]:
        """Return what the destination got of one case."""
        [output] = self.tasks[case.name]["outputs"]
        return self.arrived.get(output["series_uid"], [])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, destination: StoreScp) -> Iterator[Stack]:
    one = Stack(tmp_path_factory.mktemp("gateway"), model="identity", environment=GATEWAY)
    try:
        one.start_server()
        one.start_gateway()
        one.add_workstation(port=destination.port)
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def shared() -> Path | None:
    return SHARED if SHARED.is_dir() else None


@pytest.fixture(scope="module")
def run(
    stack: Stack, destination: StoreScp, shared: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    folder = tmp_path_factory.mktemp("generated")
    sent = {case.name: case.write(shared, folder / case.name) for case in ALL}
    for case in ALL:
        answer = scanner.send(scanner.folder(folder / case.name), f"PETFECTIOR@127.0.0.1:{stack.dicom_port}")
        assert answer.accepted == answer.total == len(sent[case.name])
    wait_for(lambda: _all_ended(stack), "not all tasks have ended", 180)
    by_series = {task["series"]["series_uid"]: task["id"] for task in _tasks(stack)}
    tasks = {case.name: stack.task(by_series[uid(case.name, "series")]) for case in ALL}
    arrived: dict[str, list[Path]] = {}
    for path in destination.files():
        series = str(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"]).SeriesInstanceUID)
        arrived.setdefault(series, []).append(path)
    return Run(sent, tasks, arrived)


def _tasks(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.call("GET", "tasks", params={"limit": 100}).json()["tasks"]
    return found


def _all_ended(stack: Stack) -> bool:
    tasks = _tasks(stack)
    return len(tasks) == len(ALL) and all(task["status"] in {"done", "stopped"} for task in tasks)


@pytest.mark.parametrize("case", DELIVERED, ids=lambda case: case.name)
def test_case_is_delivered_with_its_voxels_and_geometry(run: Run, case: Case, shared: Path | None) -> None:
    task = run.tasks[case.name]
    assert (task["status"], task["reason"]) == ("done", None)
    derived = run.derived(case)
    if case.name.startswith("multi-frame"):
        _compare_frames(base(shared, case.name), derived, run.sent[case.name][0])
        return
    found = compare(run.sent[case.name], derived)
    assert found.instances == len(run.sent[case.name])
    assert found.worst_in_slopes <= 0.5
    assert found.differing == set()
    assert len(found.series_uids) == 1


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_case_is_refused_with_its_own_sentence(run: Run, case: Case) -> None:
    task = run.tasks[case.name]
    assert (task["outcome"], task["reason_code"]) == ("rejected", case.refused)
    assert len(task["reason"]) > 40
    assert task["outputs"] == []


@pytest.mark.parametrize("case", DELIVERED, ids=lambda case: case.name)
def test_dciodvfy_finds_no_error_that_the_source_did_not_have(run: Run, case: Case) -> None:
    if shutil.which("dciodvfy") is None:
        absent("dciodvfy (apt-get install dicom3tools)")
    classic = "plain" if case.name.startswith("multi-frame") else case.name
    known = errors(run.sent[classic][0])
    derived = run.derived(case)
    assert derived
    assert set[str]().union(*map(errors, derived)) - known == set()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("siemens", {"ReconMethodName": "OSEM", "Iterations": 3, "Subsets": 21, "ReconFilterSize": 2.0}),
        ("cps", {"ReconMethodName": "OSEM", "Iterations": 4, "Subsets": 8, "ReconFilterSize": 5.0}),
        ("mediso", {"ReconMethodName": "OSEM", "Iterations": 8, "Subsets": 6, "ReconFilterSize": 3.5}),
        ("ge", {"ReconMethodName": "OSEM", "Iterations": 3, "Subsets": 16, "ReconFilterSize": 5.0}),
        ("united-imaging", {"ReconMethodName": "OSEM", "Iterations": 3, "Subsets": 20, "TimeOfFlight": True}),
        ("philips-cnts", {"ReconMethodName": "BLOB-OS", "TimeOfFlight": True}),
        ("unknown-vendor", {"ReconMethodName": "other"}),
    ],
)
def test_each_vendor_s_reconstruction_leaves_in_numbers(run: Run, name: str, told: dict[str, Any]) -> None:
    manifest = run.tasks[name]["package"]["manifest"]
    assert told.items() <= manifest["Reconstruction"].items()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("ge", {0x00090010, 0x0009100D}),
        ("philips-cnts", {0x70530010, 0x70531000, 0x70531009}),
        ("siemens", set()),
    ],
)
def test_of_private_elements_only_those_that_suv_needs_are_kept(run: Run, name: str, kept: set[int]) -> None:
    case = next(case for case in DELIVERED if case.name == name)
    source = pydicom.dcmread(run.sent[name][0], stop_before_pixels=True)
    derived = [pydicom.dcmread(path, stop_before_pixels=True) for path in run.derived(case)]
    assert derived
    for one in derived:
        private = {int(element.tag): element.value for element in one if element.tag.is_private}
        assert private == {tag: source[tag].value for tag in kept}


def test_dynamic_frames_leave_in_the_order_of_time(run: Run) -> None:
    package = run.tasks["dynamic"]["package"]
    assert package["shape"][:2] == [3, 8]
    assert package["manifest"]["FrameTimesStart"] == [0, 20, 40]


def test_gates_leave_as_a_4d_block(run: Run) -> None:
    package = run.tasks["gated"]["package"]
    assert package["shape"][:2] == [2, 8]
    assert package["manifest"]["FrameTimesStart"] == [0, 0.4]


def _compare_frames(originals: list[pydicom.Dataset], derived: list[Path], sent: Path) -> None:
    """Hold each derived instance against the classic image that its frame was made of."""
    source = pydicom.dcmread(sent)
    left = dict(enumerate(originals, start=1))
    for path in derived:
        one = pydicom.dcmread(path)
        reference = one.SourceImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
        original = left.pop(int(reference.ReferencedFrameNumber))
        assert one.SOPClassUID == original.SOPClassUID
        assert _real(one) == pytest.approx(_real(original), abs=float(original.RescaleSlope) / 2)
        for name in (
            *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "Units"),
            *("AcquisitionTime", "FrameReferenceTime", "ActualFrameDuration", "InstanceNumber", "ImageIndex"),
            *("SeriesTime", "PatientID", "StudyInstanceUID", "RadiopharmaceuticalInformationSequence"),
        ):
            assert one.get(name) == original.get(name), name
        assert "PerFrameFunctionalGroupsSequence" not in one
        assert "NumberOfFrames" not in one
    assert left == {}


def _real(one: pydicom.Dataset) -> np.ndarray:
    values: np.ndarray = one.pixel_array.astype(np.float64) * float(one.RescaleSlope)
    return values

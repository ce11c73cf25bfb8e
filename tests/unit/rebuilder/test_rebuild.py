"""From a result to a derived series, on the shared real series."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread

from petfectior.dicom import file_meta
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, elements
from petfectior.errors import Permanent, Quarantined
from petfectior.pet.filter_rules import KIND, Rule
from petfectior.task import Task
from petfectior.work import Status
from tests.conftest import ROOT
from tests.dcmtk import tool
from tests.unit.rebuilder.processed_series import (
    House,
    Processed,
    Voxels,
    derived_files,
    processed,
)
from tests.voxels import compare

SERIES = ["pet_ge_discovery_st_wb", "derived_siemens_header_phantom", "pet_suv_gml_crop_sts001"]
GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")
PAGE = ROOT / "docs" / "reference" / "derived-series.md"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House.build(tmp_path)


def files(shared_data: Path, series: str) -> list[Path]:
    return [path for path in (shared_data / "dicom" / series).rglob("*") if path.is_file()]


@pytest.mark.parametrize("series", SERIES)
def test_identity_comes_back_bit_for_bit_in_the_same_place(
    shared_data: Path, house: House, tmp_path: Path, series: str
) -> None:
    done = processed(house, files(shared_data, series))
    task = done.rebuilt()
    derived = derived_files(house, task, tmp_path)
    found = compare(done.files, derived)
    assert found.instances == len(done.files) == task.outputs[0].count
    assert found.worst_in_slopes == 0.0
    assert found.differing == set()
    assert found.series_uids == {task.outputs[0].series_uid}
    assert task.outputs[0].report["rescale_error"] == 0.0
    assert task.deliveries[0].total == len(done.files)
    assert task.deliveries[0].work.status is Status.WAITING


@pytest.mark.parametrize("series", SERIES)
def test_geometry_is_byte_equal(shared_data: Path, house: House, tmp_path: Path, series: str) -> None:
    done = processed(house, files(shared_data, series))
    derived = derived_files(house, done.rebuilt(), tmp_path)
    for source, one in zip(done.files, derived, strict=True):
        before, after = raw_values(source), raw_values(one)
        for name in GEOMETRY:
            tag = pydicom.datadict.tag_for_keyword(name)
            assert before[int(tag)] == after[int(tag)], name


def raw_values(path: Path) -> dict[int, bytes]:
    raw = path.read_bytes()
    meta = file_meta.parse(raw)
    data = raw[meta.length :]
    return {one.tag: data[one.value : one.end] for one in elements(data, meta.transfer_syntax_uid)}


@pytest.mark.parametrize("series", SERIES)
def test_header_differs_from_the_source_exactly_as_documented(
    shared_data: Path, house: House, tmp_path: Path, series: str
) -> None:
    documented = dict(documented_tags())
    done = processed(house, files(shared_data, series))
    derived = derived_files(house, done.rebuilt(), tmp_path)
    for source, one in zip(done.files, derived, strict=True):
        before, after = dcmread(source), dcmread(one)
        different = {int(each.tag) for each in before if each.tag not in after or after[each.tag] != each}
        different |= {int(each.tag) for each in after if each.tag not in before}
        public = {tag for tag in different if not tag & 0x10000}
        assert public <= set(documented), [f"{tag:08X}" for tag in public - set(documented)]
        for tag in public:
            assert (tag in after) == (documented[tag] == "set"), f"{tag:08X}"
        assert not any(each.tag.is_private for each in after)


def documented_tags() -> list[tuple[int, str]]:
    rows = re.findall(
        r"^\| \(([0-9A-F]{4}),([0-9A-F]{4})\) \|[^|]*\| (set|dropped)", PAGE.read_text(), re.MULTILINE
    )
    assert rows
    return [(int(group + number, 16), what) for group, number, what in rows]


@pytest.mark.parametrize("series", SERIES)
def test_dciodvfy_finds_no_error_that_the_source_did_not_have(
    shared_data: Path, house: House, tmp_path: Path, series: str
) -> None:
    done = processed(house, files(shared_data, series))
    derived = derived_files(house, done.rebuilt(), tmp_path)
    for source, one in list(zip(done.files, derived, strict=True))[::30]:
        assert dciodvfy_errors(one) <= dciodvfy_errors(source)


def dciodvfy_errors(path: Path) -> set[str]:
    told = subprocess.run([tool("dciodvfy"), str(path)], capture_output=True, text=True, check=False)
    return {line for line in told.stderr.splitlines() if line.startswith("Error")}


def test_real_values_are_stored_within_half_a_slope(shared_data: Path, house: House, tmp_path: Path) -> None:
    done = processed(house, files(shared_data, "derived_siemens_header_phantom"), dtype="float32")
    task = done.rebuilt()
    found = compare(done.files, derived_files(house, task, tmp_path))
    assert found.worst_in_slopes <= 0.51  # both slopes differ, and float32 rounds once
    report = task.outputs[0].report
    assert 0 < float(str(report["rescale_error"])) <= float(str(report["rescale_bound"]))


def test_negative_results_make_the_whole_series_signed(
    shared_data: Path, house: House, tmp_path: Path
) -> None:
    def dip(values: Voxels) -> Voxels:
        changed = values.copy()
        changed[0, 0] = -5.0
        return changed

    done = processed(house, files(shared_data, "derived_siemens_header_phantom"), dip, "float32")
    derived = [dcmread(path) for path in derived_files(house, done.rebuilt(), tmp_path)]
    assert {one.PixelRepresentation for one in derived} == {1}
    lowest = min(int(one.SmallestImagePixelValue) * float(one.RescaleSlope) for one in derived)
    assert lowest == pytest.approx(-5.0, abs=1.0)


def test_every_slice_names_its_own_source_and_new_uids(
    shared_data: Path, house: House, tmp_path: Path
) -> None:
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    derived = [dcmread(path) for path in derived_files(house, done.rebuilt(), tmp_path)]
    sources = [dcmread(path, stop_before_pixels=True) for path in done.files]
    for one, source in zip(derived, sources, strict=True):
        reference = one.SourceImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
        assert equipment(one).PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        assert one.ImageType[:2] == ["DERIVED", "PRIMARY"]
        assert one.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    uids = {str(one.SOPInstanceUID) for one in derived}
    assert len(uids) == len(derived)
    assert not uids & {str(one.SOPInstanceUID) for one in sources}


def equipment(one: Dataset) -> Dataset:
    return one.ContributingEquipmentSequence[-1]


def test_each_post_filter_that_fits_yields_one_series(
    shared_data: Path, house: House, tmp_path: Path
) -> None:
    rules = [
        Rule(name="soft", fwhm=6.0, description="6 mm"),
        Rule(name="off", enabled=False, fwhm=2.0),
        Rule(name="other", manufacturer="SIEMENS", fwhm=2.0),
        Rule(name="own", description="Own name", description_mode="replace", series_number=77),
    ]
    for rule in rules:
        house.registry.put(KIND, rule.name, rule.model_dump(mode="json"))
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    task = done.rebuilt()
    assert [output.description for output in task.outputs] == [
        "Own name",
        "IBSI_1_STS_001_PET_image PETfectior 6 mm",
    ]
    own, soft = (
        [dcmread(path) for path in derived_files(house, task, tmp_path / str(place), place)]
        for place in range(2)
    )
    assert {int(one.SeriesNumber) for one in own} == {77}
    assert {str(one.SeriesInstanceUID) for one in own}.isdisjoint(
        {str(one.SeriesInstanceUID) for one in soft}
    )
    assert max(highest(one) for one in soft) < max(highest(one) for one in own)
    concepts = [item.CodeValue for item in soft[0].DerivationCodeSequence]
    assert concepts == ["113087", "113088"]
    assert compare(done.files, (tmp_path / "0" / "output").iterdir()).worst_in_slopes <= 0.51


def test_a_post_filter_may_name_the_tracer_by_any_of_its_names(shared_data: Path, house: House) -> None:
    for name, tracer in [("synonym", "[18F]FDG"), ("own", "fdg"), ("other", "PSMA-11")]:
        rule = Rule(name=name, tracer=tracer, description=name, description_mode="replace")
        house.registry.put(KIND, name, rule.model_dump(mode="json"))
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    done.task.series.tracer = "FDG"
    house.tasks.replace(done.task)
    task = done.rebuilt()
    assert {output.description for output in task.outputs} == {"synonym", "own"}


def highest(one: Dataset) -> float:
    return int(one.LargestImagePixelValue) * float(one.RescaleSlope)


def test_repeated_stage_writes_the_same_bytes(shared_data: Path, house: House) -> None:
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    first = done.rebuilt().outputs[0].blobs[0]
    done.house.tasks.replace(reopened(done))
    second = done.rebuilt().outputs[0].blobs[0]
    assert first.key != second.key
    assert first.sha256 == second.sha256


def reopened(done: Processed) -> Task:
    task = done.house.tasks.get(done.task.id)
    task.work.status = Status.WAITING
    task.work.lease = None
    task.deliveries.clear()
    return task


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda result: result.update(nonce="another"), "result-nonce-wrong"),
        (lambda result: result.update(sha256="0" * 64), "result-digest-wrong"),
        (lambda result: result.update(size=result["size"] + 1), "result-digest-wrong"),
        (lambda result: result.update(blocks=[]), "result-descriptor-invalid"),
        (lambda result: result["blocks"][0].update(shape=[59, 43, 42]), "result-shape-wrong"),
        (lambda result: result["blocks"][0].update(dtype="uint16"), "result-dtype-wrong"),
        (lambda result: result["blocks"][0].update(role="removed-noise"), "result-blocks-wrong"),
        (lambda result: result["blocks"][0].update(offset=9), "result-digest-wrong"),
        (lambda result: result["blocks"][0]["rescale_slope"].pop(), "result-slopes-wrong"),
        (
            lambda result: result["blocks"][0]["rescale_slope"].__setitem__(3, 0.0),
            "result-slope-not-positive",
        ),
        (
            lambda result: result["blocks"][0]["rescale_slope"].__setitem__(3, 1e3),
            "result-activity-drift",
        ),
    ],
)
def test_result_that_must_not_be_believed_is_quarantined(
    shared_data: Path,
    house: House,
    fault: Callable[[dict[str, Any]], None],
    code: str,
) -> None:
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    done.result(fault)
    with pytest.raises(Quarantined) as refused:
        done.rebuilt()
    assert refused.value.reason.code == code
    task = house.tasks.get(done.task.id)
    assert task.quarantine == done.task.result
    assert task.result == []
    assert task.job is not None
    assert (task.job.state, task.job.message) == ("quarantined", code)
    assert task.outputs == []


def test_values_that_are_no_numbers_are_quarantined(shared_data: Path, house: House) -> None:
    def spoil(values: Voxels) -> Voxels:
        changed = values.copy()
        changed[0, 0] = np.nan
        return changed

    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"), spoil, "float32")
    with pytest.raises(Quarantined, match="result-not-finite"):
        done.rebuilt()


def test_source_slice_that_changed_on_disk_is_never_used(shared_data: Path, house: House) -> None:
    done = processed(house, files(shared_data, "pet_suv_gml_crop_sts001"))
    task = house.tasks.get(done.task.id)
    assert task.package is not None
    with house.blobs.read(task.package.order.key) as order:
        lines = order.read().replace(b'"digest":"', b'"digest":"0')
    blob = house.blobs.put("changed-order", [lines])
    task.package = task.package.model_copy(update={"order": blob})
    house.tasks.replace(task)
    with pytest.raises(Permanent, match="source-slice-changed"):
        done.rebuilt()

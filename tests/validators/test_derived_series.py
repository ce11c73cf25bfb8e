"""Four judges of each derived series: dciodvfy, highdicom, a cross-slice checker, two calculators of SUV."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import numpy as np
import pysuv
import pytest
from pydicom import Dataset, dcmread

from petfectior.pet import acquisition, suv
from petfectior.pet.instance import InstanceFacts
from tests.dcmtk import tool
from tests.validators import cross_slice, module_tables
from tests.validators.conftest import Delivered

GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
SAME = 1e-4


def test_dciodvfy_reports_no_error_that_the_source_did_not_have(delivered: Delivered) -> None:
    for source, derived in zip(delivered.sources, delivered.derived, strict=True):
        assert _errors(derived) <= _errors(source)


def _errors(path: Path) -> set[str]:
    told = subprocess.run([tool("dciodvfy"), str(path)], capture_output=True, check=False)
    return {line for line in told.stderr.decode("latin-1").splitlines() if line.startswith("Error")}


def test_nothing_is_wrong_across_the_slices(delivered: Delivered) -> None:
    assert list(cross_slice.faults(list(delivered.pairs()))) == []


def test_highdicom_misses_no_attribute_that_the_source_had(delivered: Delivered) -> None:
    for source, derived in delivered.pairs():
        assert module_tables.missing(derived) <= module_tables.missing(source)


def test_identity_comes_back_within_half_a_slope_and_geometry_bit_for_bit(delivered: Delivered) -> None:
    for source, derived in delivered.pairs():
        error = np.abs(_real(derived) - _real(source)).max()
        assert error <= float(derived.RescaleSlope) / 2
        for name in GEOMETRY:
            before, after = source[name].value, derived[name].value
            assert [one.original_string for one in after] == [one.original_string for one in before]
            assert np.array(after, np.float64).tobytes() == np.array(before, np.float64).tobytes()


def _real(one: Dataset) -> np.ndarray:
    return one.pixel_array * float(one.RescaleSlope) + float(one.get("RescaleIntercept", 0))


def test_both_calculators_find_the_same_suv_before_and_after(delivered: Delivered) -> None:
    highest = max(delivered.pairs(), key=lambda pair: _real(pair[0]).max())
    before, after = (_own_suv(one, files) for one, files in zip(highest, _files(delivered), strict=True))
    assert after == pytest.approx(before, rel=SAME)
    report = delivered.task["outputs"][0]["report"]
    assert report["before"]["suv_max"] == pytest.approx(before, rel=SAME)
    assert report["after"]["suv_max"] == pytest.approx(before, rel=SAME)
    first = min(str(source.AcquisitionTime) for source, _ in delivered.pairs())
    other = [_other_suv(one, first) for one in highest]
    assert other[1] == pytest.approx(other[0], rel=SAME)
    assert before == pytest.approx(other[0], rel=SAME)


def _files(delivered: Delivered) -> tuple[list[Path], list[Path]]:
    return delivered.sources, delivered.derived


def _own_suv(one: Dataset, files: list[Path]) -> float:
    times = [dcmread(path, specific_tags=["AcquisitionDate", "AcquisitionTime"]) for path in files]
    facts = [
        InstanceFacts(
            sop_class_uid="",
            sop_instance_uid="",
            transfer_syntax_uid="",
            digest="",
            offset=0,
            size=0,
            acquisition_date=str(time.get("AcquisitionDate", "")),
            acquisition_time=str(time.get("AcquisitionTime", "")),
        )
        for time in times
    ]
    scale = suv.scale(one, acquisition.read(one, facts))
    assert scale.factor is not None, scale.code
    return float(_real(one).max()) * scale.factor


def _other_suv(one: Dataset, first: str) -> float:
    """Return pysuv's SUVmax.

    It does not know Units GML, where the value is the SUV (PS3.3 C.8.9.1.1.3), and believes a SeriesTime
    that is later than the acquisition, so it is told the reference that the QIBA profile asks for.
    """
    if one.Units == "GML":
        return float(_real(one).max())
    one.SeriesTime = min(str(one.SeriesTime), first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(pysuv.compute_suv(one).max())


def test_report_says_that_slices_geometry_and_uids_are_right(delivered: Delivered) -> None:
    [output] = delivered.task["outputs"]
    report = output["report"]
    assert (report["slices"], report["expected"]) == (len(delivered.sources), len(delivered.sources))
    assert report["geometry_kept"]
    assert report["uids_new"]
    assert report["rescale_error"] <= report["rescale_bound"]
    assert report["after"]["total"] == pytest.approx(report["before"]["total"], rel=SAME)

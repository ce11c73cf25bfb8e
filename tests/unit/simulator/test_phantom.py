"""The phantom: valid, deterministic, and like a patient."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from simulator import scanner
from simulator.phantom import LESIONS, SUV, Phantom
from simulator.phantom_series import PhantomSeries
from tests.conftest import absent

SMALL = Phantom(slices=60, rows=50, columns=50)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first = PhantomSeries(SMALL).write(tmp_path / "a")
    second = PhantomSeries(SMALL).write(tmp_path / "b")
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]


def test_another_seed_gives_another_patient_and_series() -> None:
    one = next(PhantomSeries(SMALL).instances())
    other = next(PhantomSeries(Phantom(60, 50, 50, seed=2)).instances())
    assert one.PatientID != other.PatientID
    assert one.SeriesInstanceUID != other.SeriesInstanceUID


@pytest.mark.parametrize("implicit", [False, True])
def test_dciodvfy_finds_no_error(tmp_path: Path, implicit: bool) -> None:
    if shutil.which("dciodvfy") is None:
        absent("dciodvfy (dicom3tools)")
    paths = PhantomSeries(SMALL, implicit=implicit).write(tmp_path)
    for path in (paths[0], paths[30], paths[-1]):
        told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in told.stdout + told.stderr


def test_every_slice_has_a_slope_of_its_own_and_rebuilds_the_values(tmp_path: Path) -> None:
    paths = PhantomSeries(SMALL).write(tmp_path)
    slopes = set()
    for path, plane in zip(paths, SMALL.planes(), strict=True):
        instance = dcmread(path)
        slope = float(instance.RescaleSlope)
        slopes.add(slope)
        assert np.abs(instance.pixel_array * slope - plane).max() <= slope / 2 * (1 + 1e-6)
    assert len(slopes) > 30


def test_positions_are_even_and_numbers_run_from_the_head(tmp_path: Path) -> None:
    instances = [dcmread(path) for path in PhantomSeries(SMALL).write(tmp_path)]
    z = [float(one.ImagePositionPatient[2]) for one in instances]
    assert np.allclose(np.diff(z), SMALL.spacing[0], atol=1e-3)
    assert [int(one.InstanceNumber) for one in instances] == list(range(60, 0, -1))
    assert len({one.SOPInstanceUID for one in instances}) == 60


def test_lesions_are_hot_and_noise_averages_out() -> None:
    phantom = Phantom(slices=299, rows=200, columns=200)
    liver = LESIONS[2]
    index = int((liver.centre[0] + 890) / phantom.spacing[0])
    truth = phantom.truth(index)
    row, column = int((liver.centre[1] + 400) / 4), int((liver.centre[2] + 400) / 4)
    assert truth[row, column] > 4 * SUV
    planes = np.array([plane.mean() for plane in Phantom(40, 200, 200).planes()])
    truths = np.array([Phantom(40, 200, 200).truth(number).mean() for number in range(40)])
    inside = truths > 50
    assert np.allclose(planes[inside], truths[inside], rtol=0.05)


def test_the_scanner_reads_back_what_it_will_send() -> None:
    source = scanner.phantom(slices=48, matrix=32, implicit=True)
    assert {one.transfer_syntax_uid for one in source.instances} == {ImplicitVRLittleEndian}
    planes = Phantom(48, 32, 32).planes()
    for dataset, plane in zip(source.datasets(), planes, strict=True):
        slope = float(dataset.RescaleSlope)
        assert np.abs(dataset.pixel_array * slope - plane).max() <= slope / 2 * (1 + 1e-6)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from typer.testing import CliRunner

from petfectior.cli import app
from petfectior.errors import Permanent, Quarantined, Rejected
from petfectior.pet import package_folder
from petfectior.pet.voxel_block import Encoding
from tests.conftest import ROOT
from tests.data import encoding, slices
from tests.data.cases import ALL

SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture
def images() -> list[Dataset]:
    return slices.base(SHARED if SHARED.is_dir() else None, "package")


@pytest.fixture
def series(images: list[Dataset], tmp_path: Path) -> Path:
    encoding.write(images, tmp_path / "series", images[0].file_meta.TransferSyntaxUID)
    (tmp_path / "series" / "README.txt").write_text("no DICOM file")
    return tmp_path / "series"


@pytest.mark.parametrize("how", ["blosc2", "none"])
def test_package_is_read_back_as_it_was_made(
    series: Path, images: list[Dataset], tmp_path: Path, how: Encoding
) -> None:
    made = package_folder.write(series, tmp_path / "out", encoding=how)
    opened = package_folder.read(tmp_path / "out")
    assert opened.manifest == made.manifest
    for values, one in zip(opened.values(), images, strict=True):
        assert np.array_equal(values, one.pixel_array * float(one.RescaleSlope))


def test_equal_series_make_equal_bytes(series: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        package_folder.write(series, tmp_path / name)
    for file in (package_folder.MANIFEST, package_folder.BLOCKS["blosc2"]):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_of_the_patient_only_what_is_needed_is_in_it(series: Path, tmp_path: Path) -> None:
    assert package_folder.write(series, tmp_path / "none").manifest.Subject is None
    person = package_folder.write(series, tmp_path / "age", needs=["Age"]).manifest.Subject
    assert person is not None
    assert set(person.model_dump(exclude_none=True)) == {"Age"}


def test_folder_without_a_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="folder-without-series"):
        package_folder.write(tmp_path, tmp_path / "out")


def test_damaged_packages_are_refused(series: Path, tmp_path: Path) -> None:
    made = package_folder.write(series, tmp_path / "out", encoding="none")
    made.block.write_bytes(made.block.read_bytes()[:-1])
    with pytest.raises(Quarantined, match="block-length-wrong"):
        list(package_folder.read(tmp_path / "out").slices())
    (tmp_path / "out" / package_folder.MANIFEST).write_text("{}")
    with pytest.raises(Permanent, match="package-unreadable"):
        package_folder.read(tmp_path / "out")


def test_command_makes_and_shows_a_package(series: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    made = CliRunner().invoke(app, ["package", str(series), out, "--need", "Age"])
    assert made.exit_code == 0
    shown = CliRunner().invoke(app, ["package", "show", out, "--json"])
    assert list(json.loads(shown.stdout)["Subject"]) == ["Age"]
    assert "BQML" in CliRunner().invoke(app, ["package", "show", out]).stdout


def test_command_says_why_a_series_makes_no_package(tmp_path: Path) -> None:
    case = next(case for case in ALL if case.refused == "positions-repeated")
    case.write(SHARED if SHARED.is_dir() else None, tmp_path / "series")
    ran = CliRunner().invoke(app, ["package", str(tmp_path / "series"), str(tmp_path / "out")])
    assert ran.exit_code == 1
    assert "24 images share 12 slice positions" in ran.output


def test_multi_frame_instance_makes_the_block_of_its_slices(tmp_path: Path) -> None:
    shared = SHARED if SHARED.is_dir() else None
    for name in ("multi-frame", "plain"):
        next(case for case in ALL if case.name == name).write(shared, tmp_path / name)
    blocks = [
        package_folder.write(tmp_path / name, tmp_path / f"{name}-package")
        for name in ("multi-frame", "plain")
    ]
    assert blocks[0].block.read_bytes() == blocks[1].block.read_bytes()
    assert blocks[0].manifest == blocks[1].manifest

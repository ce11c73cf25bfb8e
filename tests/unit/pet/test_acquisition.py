from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from petfectior.pet import acquisition, header_values, radionuclides, tracers, vendors
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.reconstruction import Recon
from tests.unit.pet import series


def header(**fields: object) -> Dataset:
    made = Dataset()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def drug(**fields: object) -> Dataset:
    return header(**fields)


def test_siemens_writes_iterations_and_subsets_into_the_method() -> None:
    made = header(ReconstructionMethod="PSF+TOF 3i21s", ConvolutionKernel="XYZ Gauss2.00")
    assert vendors.reconstruction("Siemens", made) == Recon(
        method="OSEM",
        iterations=3,
        subsets=21,
        filter_type="Gaussian",
        filter_width=2.0,
        tof=True,
        psf=True,
    )


def test_siemens_all_pass_filter_has_no_width() -> None:
    recon = vendors.reconstruction(
        "Siemens", header(ReconstructionMethod="OSEM3D 4i8s", ConvolutionKernel="All-pass")
    )
    assert (recon.filter_type, recon.filter_width, recon.tof) == ("all-pass", None, False)


def test_mediso_writes_rounds_the_other_way_round() -> None:
    recon = vendors.reconstruction("Mediso", header(ReconstructionMethod="Tera-Tomo i8s6 Gauss 3.5 mm"))
    assert (recon.iterations, recon.subsets, recon.filter_width, recon.psf) == (8, 6, 3.5, True)


def test_ge_writes_rounds_into_private_attributes() -> None:
    made = header(ReconstructionMethod="VPFX-S")
    block = made.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0xB2, "SL", 3)
    block.add_new(0xB3, "SL", 16)
    block.add_new(0xBB, "FL", 5.0)
    recon = vendors.reconstruction("GE", made)
    assert (recon.iterations, recon.subsets, recon.filter_width) == (3, 16, 5.0)
    assert (recon.tof, recon.psf) == (True, True)


def test_united_imaging_writes_rounds_into_attributes_of_enhanced_pet() -> None:
    made = header(ReconstructionMethod="OSEM_TOF_PSF", NumberOfIterations=3, NumberOfSubsets=20)
    recon = vendors.reconstruction("United Imaging", made)
    assert (recon.iterations, recon.subsets, recon.tof, recon.psf) == (3, 20, True, True)


def test_philips_writes_no_rounds() -> None:
    recon = vendors.reconstruction("Philips", header(ReconstructionMethod="BLOB-OS-TF"))
    assert recon == Recon(method="BLOB-OS", tof=True)


@pytest.mark.parametrize("maker", [*vendors.READERS, "other"])
@given(text=st.text(max_size=20))
def test_no_vendor_reader_crashes_on_an_odd_value(maker: str, text: str) -> None:
    made = Dataset()
    for name in ("ReconstructionMethod", "ConvolutionKernel"):
        made.add_new(name, "LO", text)
    assert isinstance(vendors.reconstruction(maker, made), Recon)
    assert isinstance(vendors.reconstruction(maker, Dataset()), Recon)


def test_injection_before_midnight_is_on_the_day_before() -> None:
    made = header(
        SeriesDate="20260102",
        SeriesTime="003000",
        RadiopharmaceuticalInformationSequence=[drug(RadiopharmaceuticalStartTime="233000")],
    )
    told = acquisition.read(made, [])
    assert told.started is not None
    assert told.injected is not None
    assert told.started - told.injected == timedelta(hours=1)


@pytest.mark.parametrize("year", ["1885", "1960", "2026"])
def test_years_long_past_are_read(year: str) -> None:
    moment = header_values.moment(f"{year}0614", "151304.146000")
    assert moment is not None
    assert moment.isoformat() == f"{year}-06-14T15:13:04.146000"


@pytest.mark.parametrize(("text", "years"), [("018M", 1), ("100Y", 100), ("059Y", 59), ("x", None)])
def test_age_is_read_in_any_unit(text: str, years: int | None) -> None:
    assert header_values.years(text) == years


@pytest.mark.parametrize(
    "text", ["F^18^[^18^Fluorine]", "18F", "F-18", "^18^Fluorine", "Fluorine 18", "18-F fluorine"]
)
def test_radionuclide_is_found_in_its_text(text: str) -> None:
    found = radionuclides.by_text(text)
    assert found is not None
    assert found.name == "18F"


@pytest.mark.parametrize("text", ["FDG", "", "F", "118F", "iodine"])
def test_text_that_names_no_radionuclide_finds_none(text: str) -> None:
    assert radionuclides.by_text(text) is None


def test_radionuclide_is_found_by_its_half_life_alone() -> None:
    made = header(RadiopharmaceuticalInformationSequence=[drug(RadionuclideHalfLife="4080")])
    assert acquisition.read(made, []).radionuclide == "68Ga"


def test_header_without_a_radiopharmaceutical_is_a_fact() -> None:
    told = acquisition.read(Dataset(), [])
    assert told == Acquisition(sex="", age=None)


@pytest.mark.parametrize("text", ["FDG -- fluorodeoxyglucose", "fdg", "Fluorodesoxiglucosa", "[18F]FDG"])
def test_tracer_is_matched_by_whole_names(text: str) -> None:
    found = tracers.match([text], "18F", tracers.SEED)
    assert found is not None
    assert found.name == "FDG"


def test_name_within_a_name_does_not_match() -> None:
    found = tracers.match(["FDG of JOHN DOE"], "18F", tracers.SEED)
    assert found is not None
    assert found.stated == "18F, not stated"


def test_tracer_of_another_radionuclide_does_not_match() -> None:
    found = tracers.match(["FDG"], "68Ga", tracers.SEED)
    assert found is not None
    assert found.stated == "68Ga, not stated"


def test_unknown_radionuclide_is_no_tracer() -> None:
    assert tracers.match(["something"], None, tracers.SEED) is None


def test_names_of_the_table_are_not_ambiguous() -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in tracers.SEED:
        for name in {tracers.plain(text) for text in (row.name, *row.synonyms)}:
            assert seen.setdefault((row.radionuclide, name), row.name) == row.name


def test_own_row_leaves_as_its_published_name_or_other() -> None:
    own = tracers.Tracer(name="Lab 42", radionuclide="18F")
    assert own.stated == "other"
    assert own.model_copy(update={"published": "FDG"}).stated == "FDG"


def test_real_ge_header(shared_data: Path) -> None:
    path = min((shared_data / "dicom/pet_ge_discovery_st_wb").iterdir())
    facts = series.known_facts(path)
    told = acquisition.read(dcmread(path, stop_before_pixels=True), [facts])
    assert (told.radionuclide, told.dose, told.half_life) == ("18F", 388777472.0, 6588.0)
    assert (told.weight, told.height, told.sex, told.age) == (71.0, 1.63, "M", 59)
    assert told.started is not None
    assert told.injected is not None
    assert (told.started - told.injected).total_seconds() == 2711

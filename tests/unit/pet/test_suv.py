"""SUV by body weight against arithmetic done by hand, vendor by vendor."""

from __future__ import annotations

from collections.abc import Callable

import pysuv
import pytest
from pydicom import Dataset

from petfectior.pet import acquisition, suv
from petfectior.pet.instance import InstanceFacts

HALF_LIFE = 6586.2
DOSE = 3.0e8
WEIGHT = 75.0
HOUR_LEFT = 2 ** (-3600 / HALF_LIFE)
UNDECAYED = WEIGHT * 1000 / DOSE


def header(**values: object) -> Dataset:
    one = Dataset()
    one.Manufacturer = "SIEMENS"
    one.Units, one.DecayCorrection = "BQML", "START"
    one.CorrectedImage = ["DECY", "ATTN", "SCAT"]
    one.PatientWeight = str(WEIGHT)
    one.SeriesDate = one.AcquisitionDate = "20260105"
    one.SeriesTime = one.AcquisitionTime = "090000"
    one.RescaleSlope, one.RescaleIntercept = "1", "0"
    drug = Dataset()
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = str(DOSE), str(HALF_LIFE)
    drug.RadiopharmaceuticalStartTime = "080000"
    one.RadiopharmaceuticalInformationSequence = [drug]
    for name, value in values.items():
        setattr(one, name, value)
    return one


def found(one: Dataset, *times: str) -> suv.Scale:
    return suv.scale(one, acquisition.read(one, facts(one, *times)))


def facts(one: Dataset, *times: str) -> list[InstanceFacts]:
    return [
        InstanceFacts(
            sop_class_uid="",
            sop_instance_uid="",
            transfer_syntax_uid="",
            digest="",
            offset=0,
            size=0,
            acquisition_date=one.AcquisitionDate,
            acquisition_time=time,
        )
        for time in times or (one.AcquisitionTime,)
    ]


def private(one: Dataset, group: int, creator: str, number: int, value: str) -> Dataset:
    one.add_new(group << 16 | 0x11, "LO", creator)
    one.add_new(group << 16 | 0x1100 | number, "LO", value)
    return one


def test_dose_decays_to_the_series_time() -> None:
    told = found(header(), "090000", "091500")
    assert told.code == "suv-from-series-time"
    assert told.factor == pytest.approx(UNDECAYED / HOUR_LEFT)
    assert told.factor == pytest.approx(pysuv.get_suv_factor(header()).suv_factor, rel=1e-6)


def test_a_later_series_time_is_post_processing_and_the_first_acquisition_counts() -> None:
    told = found(header(SeriesTime="100000"), "091500", "090000")
    assert told.code == "suv-from-acquisition-time"
    assert told.factor == pytest.approx(UNDECAYED / HOUR_LEFT)


def test_ge_s_own_time_counts_where_the_series_time_is_later() -> None:
    one = private(header(SeriesTime="100000"), 0x0009, "GEMS_PETD_01", 0x0D, "20260105083000.00")
    told = found(one)
    leaves = acquisition.read(one, facts(one)).reference
    assert leaves is not None
    assert leaves.strftime("%Y%m%d%H%M%S") == "20260105083000"
    assert told.code == "suv-from-ge-time"
    assert told.factor == pytest.approx(UNDECAYED / 2 ** (-1800 / HALF_LIFE))


def test_values_corrected_to_the_administration_need_no_decay() -> None:
    told = found(header(DecayCorrection="ADMIN"))
    assert (told.code, told.factor) == ("suv-from-administration", pytest.approx(UNDECAYED))


def test_injection_before_midnight_is_an_hour_before() -> None:
    one = header(SeriesTime="003000", AcquisitionTime="003000")
    one.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "233000"
    assert found(one).factor == pytest.approx(UNDECAYED / HOUR_LEFT)


def test_philips_counts_take_the_suv_factor_before_the_activity_factor() -> None:
    one = private(header(Units="CNTS"), 0x7053, "Philips PET Private Group", 0x00, "0.25")
    one.add_new(0x70531109, "LO", "2.0")
    assert found(one) == suv.Scale(0.25, "suv-philips-factor")
    one[0x70531100].value = "0"
    assert found(one).factor == pytest.approx(2.0 * UNDECAYED / HOUR_LEFT)


@pytest.mark.parametrize(("kind", "factor"), [("BW", 1.0), ("", 1.0), ("LBM", None)])
def test_grams_per_millilitre_are_suv_already(kind: str, factor: float | None) -> None:
    assert found(header(Units="GML", SUVType=kind, PatientWeight=None)).factor == factor


def _no_weight(one: Dataset) -> None:
    one.PatientWeight = ""


def _no_dose(one: Dataset) -> None:
    del one.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose


def _no_injection(one: Dataset) -> None:
    del one.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime


def _no_half_life(one: Dataset) -> None:
    del one.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife


def _injected_years_ago(one: Dataset) -> None:
    item = one.RadiopharmaceuticalInformationSequence[0]
    item.RadiopharmaceuticalStartDateTime = "19600105080000"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_no_weight, "suv-weight-missing"),
        (_no_dose, "suv-dose-missing"),
        (_no_injection, "suv-times-missing"),
        (_no_half_life, "suv-half-life-missing"),
        (_injected_years_ago, "suv-times-odd"),
        (lambda one: setattr(one, "DecayCorrection", "NONE"), "suv-decay-uncorrected"),
        (lambda one: setattr(one, "CorrectedImage", ["DECY"]), "suv-attenuation-uncorrected"),
        (lambda one: setattr(one, "Units", "PROPCNTS"), "suv-units-unfit"),
        (lambda one: setattr(one, "Units", "CNTS"), "suv-units-unfit"),
    ],
)
def test_where_a_fact_is_missing_there_is_a_reason_and_no_guess(
    spoil: Callable[[Dataset], None], code: str
) -> None:
    one = header()
    spoil(one)
    assert found(one) == suv.Scale(None, code)

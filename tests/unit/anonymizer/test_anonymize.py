from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from petfectior import devices, routing
from petfectior.dicom import file_meta
from petfectior.errors import Permanent, Rejected
from petfectior.pet import manifest, voxel_block
from petfectior.pet.manifest import Manifest
from petfectior.pet.slice_order import read_order
from petfectior.reasons import sentence
from petfectior.routes import Route, Table
from petfectior.task import Output, Task
from petfectior.work import Stage
from tests.unit.anonymizer.conftest import House
from tests.unit.pet import series
from tests.unit.pet.series import Encoded

DELIVERED = ["pet_ge_discovery_st_wb", "derived_siemens_header_phantom", "pet_suv_gml_crop_sts001"]
SMALL = "pet_suv_gml_crop_sts001"


@pytest.fixture
def small(shared_data: Path) -> list[Encoded]:
    return list(series.from_folder(shared_data / "dicom" / SMALL))


def changed(encoded: Encoded, alter: Callable[[Dataset], None]) -> Encoded:
    """Return one dataset with a few attributes altered."""
    sop_class, uid, syntax, dataset = encoded
    parsed = dcmread(io.BytesIO(file_meta.encode(sop_class, uid, syntax) + dataset))
    alter(parsed)
    buffer = io.BytesIO()
    parsed.save_as(buffer)
    data = buffer.getvalue()
    head = io.BytesIO(data)
    file_meta.parse(head)
    return sop_class, str(parsed.SOPInstanceUID), syntax, data[head.tell() :]


def setting(**fields: object) -> Callable[[Dataset], None]:
    def alter(parsed: Dataset) -> None:
        for name, value in fields.items():
            if value is None:
                delattr(parsed, name)
            else:
                setattr(parsed, name, value)

    return alter


def voxels(house: House, task: Task) -> np.ndarray:
    assert task.package is not None
    path = house.folder / "read"
    with house.blobs.read(task.package.blob.key) as file:
        path.write_bytes(file.read())
    return np.stack(
        list(voxel_block.read(path, task.package.shape, task.package.dtype, task.package.encoding))
    )


@pytest.mark.parametrize("case", DELIVERED)
def test_real_series_is_packaged_with_its_stored_values_and_slopes(
    case: str, house: House, shared_data: Path
) -> None:
    folder = shared_data / "dicom" / case
    task, answer = house.anonymize(house.task(list(series.from_folder(folder))))
    assert answer.stage is Stage.UPLOAD
    assert task.package is not None
    sources = sorted(
        (dcmread(path) for path in folder.iterdir()), key=lambda one: float(one.ImagePositionPatient[2])
    )
    block = voxels(house, task)
    slopes = task.package.manifest["Block"]["RescaleSlope"]  # type: ignore[index,call-overload]
    assert slopes == [float(one.RescaleSlope) for one in sources]
    for plane, source in zip(block, sources, strict=True):
        assert np.array_equal(plane, source.pixel_array)
    with house.blobs.read(task.package.order.key) as file:
        order = list(read_order(file))
    assert [one.sop_instance_uid for one in order] == [one.SOPInstanceUID for one in sources]


@pytest.mark.parametrize("case", DELIVERED)
def test_nothing_identifying_is_in_the_manifest(case: str, house: House, shared_data: Path) -> None:
    folder = shared_data / "dicom" / case
    task, _ = house.anonymize(house.task(list(series.from_folder(folder))))
    assert task.package is not None
    text = json.dumps(task.package.manifest)
    source = dcmread(min(folder.iterdir()), stop_before_pixels=True)
    for name in ("PatientName", "PatientID", "SOPInstanceUID", "SeriesInstanceUID", "StudyDate"):
        assert str(source[name].value) not in text
    Manifest.model_validate(task.package.manifest)
    assert manifest.digest(task.package.manifest) == task.package.manifest_sha256


def test_order_of_arrival_and_parts_change_no_byte(house: House, small: list[Encoded]) -> None:
    one, _ = house.anonymize(house.task(small))
    two, _ = house.anonymize(house.task(small[30:][::-1], small[:30], small[10:20]))
    assert one.package is not None
    assert two.package is not None
    assert one.package.blob.sha256 == two.package.blob.sha256
    assert one.package.manifest_sha256 == two.package.manifest_sha256


def test_copy_with_other_content_is_noted_and_the_first_is_used(house: House, small: list[Encoded]) -> None:
    other = changed(small[7], setting(SeriesDescription="something else"))
    task, _ = house.anonymize(house.task(small, [other]))
    assert [note.reason.code for note in task.notes] == ["copies-differ"]
    assert "1 images" in sentence(task.notes[0].reason)


def test_what_a_model_may_need_of_the_patient_is_there_for_the_transfer_to_choose(
    house: House, small: list[Encoded]
) -> None:
    task, _ = house.anonymize(house.task(small))
    assert task.package is not None
    told = {"BodyWeight": 71.0, "BodyHeight": 1.63, "Sex": "M", "Age": 59}
    assert task.package.manifest["Subject"] == told


def test_age_is_capped_and_what_is_missing_is_left_out(house: House, small: list[Encoded]) -> None:
    old = [changed(one, setting(PatientWeight=None, PatientSize=None, PatientAge="101Y")) for one in small]
    task, _ = house.anonymize(house.task(old))
    assert task.package is not None
    assert task.package.manifest["Subject"] == {"Sex": "M", "Age": 89}


def test_tracer_is_written_on_the_task(house: House, small: list[Encoded]) -> None:
    task, _ = house.anonymize(house.task(small))
    assert task.series.tracer == "FDG"
    assert [one.name for one in task.destinations] == ["workstation"]


def test_sender_s_default_names_a_tracer_that_is_not_stated(house: House, shared_data: Path) -> None:
    document = house.task(list(series.from_folder(shared_data / "dicom/derived_siemens_header_phantom")))
    assert house.anonymize(document)[0].series.tracer == "18F, not stated"
    house.registry.put("sender", document.source.calling_ae_title, {"tracer": "NaF"})
    assert house.anonymize(document)[0].series.tracer == "NaF"


def _drug(parsed: Dataset) -> Dataset:
    item = parsed.RadiopharmaceuticalInformationSequence[0]
    assert isinstance(item, Dataset)
    return item


def _no_dose(parsed: Dataset) -> None:
    del _drug(parsed).RadionuclideTotalDose


def _dose_in_megabecquerel(parsed: Dataset) -> None:
    _drug(parsed).RadionuclideTotalDose = "388"


def _no_nuclide(parsed: Dataset) -> None:
    drug = _drug(parsed)
    for name in ("Radiopharmaceutical", "RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence"):
        delattr(drug, name)
    drug.RadionuclideHalfLife = "12"


@pytest.mark.parametrize(
    ("alter", "code", "named"),
    [
        (setting(Units=None), "attribute-missing", "Units"),
        (setting(Units="DOE"), "attribute-not-understood", "Units"),
        (setting(PixelSpacing=None), "attribute-missing", "PixelSpacing"),
        (setting(ImagePositionPatient=None), "attribute-missing", "ImagePositionPatient"),
        (setting(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "attribute-not-understood", "ImageOrientation"),
        (setting(RescaleSlope="0"), "slope-not-positive", "RescaleSlope"),
        (setting(SeriesType=["STATIC", "REPROJECTION"]), "series-is-reprojection", "REPROJECTION"),
        (setting(RadiopharmaceuticalInformationSequence=None), "attribute-missing-in-series", "Radiopharm"),
        (_no_dose, "attribute-missing-in-series", "RadionuclideTotalDose"),
        (_dose_in_megabecquerel, "dose-implausible", "388 Bq"),
        (_no_nuclide, "radionuclide-unknown", "radionuclide"),
    ],
)
def test_series_that_cannot_be_processed_is_rejected_with_its_reason(
    alter: Callable[[Dataset], None], code: str, named: str, house: House, small: list[Encoded]
) -> None:
    document = house.task([changed(one, alter) for one in small])
    with pytest.raises(Rejected) as refused:
        house.anonymize(document)
    assert refused.value.reason.code == code
    for language in ("en", "es"):
        text = sentence(refused.value.reason, language)
        assert "DOE" not in text
    assert named in sentence(refused.value.reason)


@pytest.mark.parametrize(
    ("alter", "attribute"),
    [
        (setting(PatientID="OTHER"), "PatientID"),
        (setting(PatientName="OTHER"), "PatientName"),
        (setting(IssuerOfPatientID="OTHER"), "IssuerOfPatientID"),
        (setting(StudyInstanceUID="1.2.3.4"), "StudyInstanceUID"),
        (setting(FrameOfReferenceUID="1.2.3.4"), "FrameOfReferenceUID"),
        (setting(Units="BQML"), "Units"),
        (setting(PixelSpacing=[4, 4]), "PixelSpacing"),
        (setting(ImageOrientationPatient=[1, 0, 0, 0, 0, -1]), "ImageOrientationPatient"),
    ],
)
def test_series_that_mixes_two_is_rejected_naming_the_attribute_and_no_value(
    alter: Callable[[Dataset], None], attribute: str, house: House, small: list[Encoded]
) -> None:
    mixed = [*small[:-1], changed(small[-1], alter)]
    with pytest.raises(Rejected) as refused:
        house.anonymize(house.task(mixed))
    assert refused.value.reason.code == "attribute-differs"
    assert refused.value.reason.params == {"attribute": attribute, "values": 2}
    assert "OTHER" not in str(refused.value)


def test_phantom_without_units_and_tracer_is_rejected(house: House, shared_data: Path) -> None:
    datasets = list(series.from_folder(shared_data / "dicom/pet_nema_iq_phantom_minimal"))
    with pytest.raises(Rejected) as refused:
        house.anonymize(house.task(datasets))
    assert "89 of 89 images lack Units" in sentence(refused.value.reason)


def test_ct_is_no_pet(house: House, shared_data: Path) -> None:
    datasets = list(series.from_folder(shared_data / "dicom/ct_ge_crop_sts001"))
    with pytest.raises(Rejected, match="sop-class-not-pet"):
        house.anonymize(house.task(datasets))


def test_series_that_nobody_would_receive_is_rejected(house: House, small: list[Encoded]) -> None:
    devices.remove(house.registry, "workstation")
    with pytest.raises(Rejected, match="destination-unknown"):
        house.anonymize(house.task(small))


def test_the_tracer_that_was_found_chooses_the_route(house: House, small: list[Encoded]) -> None:
    ward = devices.Device(name="ward", ae_title="WARD", address="127.0.0.1", port=104)
    devices.add(house.registry, ward)
    fluoride = Route(name="bones", tracer="NaF", destinations=("workstation",))
    glucose = Route(name="glucose", tracer="FDG", destinations=("ward",))
    routing.save(house.registry, Table(routes=(fluoride, glucose)))
    task, _ = house.anonymize(house.task(small))
    assert [one.name for one in task.destinations] == ["ward"]
    house.registry.delete(devices.KIND, "ward")
    with pytest.raises(Rejected, match="route-destination-gone"):
        house.anonymize(house.task(small))


def test_our_own_series_is_not_processed_again(house: House, small: list[Encoded]) -> None:
    made = house.task(small)
    made.outputs = [Output(id="o", series_uid="2.25.7")]
    house.tasks.replace(made)
    again = house.task(small)
    again.series.series_uid = "2.25.7"
    with pytest.raises(Rejected, match="series-is-our-own"):
        house.anonymize(again)


def test_series_that_another_petfectior_made_is_not_processed_again(
    house: House, small: list[Encoded]
) -> None:
    equipment = Dataset()
    equipment.Manufacturer = "PETfectior"
    ours = [changed(one, setting(ContributingEquipmentSequence=[equipment])) for one in small]
    with pytest.raises(Rejected, match="series-is-our-own"):
        house.anonymize(house.task(ours))


@pytest.mark.parametrize("bytes_more", [-2, 2, 43 * 41 * 2])
def test_pixels_of_another_length_than_rows_and_columns_are_refused(
    house: House, small: list[Encoded], bytes_more: int
) -> None:
    def alter(parsed: Dataset) -> None:
        parsed.PixelData = (parsed.PixelData + bytes(43 * 41 * 2))[: 43 * 41 * 2 + bytes_more]

    odd = [*small[:-1], changed(small[-1], alter)]
    with pytest.raises(Rejected) as refused:
        house.anonymize(house.task(odd))
    assert refused.value.reason.code == "pixels-length-wrong"
    assert f"{43 * 41 * 2 + bytes_more} bytes" in sentence(refused.value.reason)


def test_intercept_makes_the_block_float(house: House, small: list[Encoded]) -> None:
    shifted = [changed(one, setting(RescaleIntercept="-5")) for one in small]
    task, _ = house.anonymize(house.task(shifted))
    assert task.package is not None
    assert task.package.dtype == "float32"
    assert voxels(house, task).min() == -5


def test_dynamic_series_becomes_a_4d_block_with_frame_times(house: House, small: list[Encoded]) -> None:
    frames = [
        changed(
            one,
            setting(
                SeriesType=["DYNAMIC", "IMAGE"],
                SOPInstanceUID=f"1.2.3.{frame}.{number}",
                AcquisitionTime=f"11201{frame}.00",
                ActualFrameDuration="1000",
                FrameReferenceTime=str(500 + 1000 * frame),
                InstanceNumber=str(1000 - 100 * frame - number),
            ),
        )
        for frame in range(2)
        for number, one in enumerate(small[:10])
    ]
    task, _ = house.anonymize(house.task(frames[::-1]))
    assert task.package is not None
    assert task.package.shape == (2, 10, 43, 41)
    assert task.package.manifest["FrameTimesStart"] == [0.0, 1.0]
    assert task.package.manifest["FrameDuration"] == [1.0, 1.0]
    with house.blobs.read(task.package.order.key) as file:
        uids = [one.sop_instance_uid for one in read_order(file)]
    assert uids[0].startswith("1.2.3.0.")
    assert uids[10].startswith("1.2.3.1.")


def test_repeated_positions_in_a_static_series_are_refused(house: House, small: list[Encoded]) -> None:
    twice = [changed(one, setting(SOPInstanceUID=f"1.2.3.{n}")) for n, one in enumerate(small)]
    with pytest.raises(Rejected, match="positions-repeated"):
        house.anonymize(house.task(small, twice))


def test_damaged_part_is_for_a_person(house: House, small: list[Encoded]) -> None:
    document = house.task(small)
    part = document.parts[0]
    assert part.blob is not None
    house.blobs.put(part.blob.key, [bytes(part.blob.size)])
    with pytest.raises(Permanent, match="blob-damaged"):
        house.anonymize(document)
    house.blobs.delete(part.blob.key)
    with pytest.raises(Permanent, match="blob-missing"):
        house.anonymize(document)

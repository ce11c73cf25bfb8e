from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from petfectior.pet import manifest, manifest_schema
from petfectior.pet.manifest import Manifest
from tests.conftest import ROOT


def document(**fields: object) -> dict[str, Any]:
    values: dict[str, Any] = {
        "Manufacturer": "GE",
        "ManufacturersModelName": "Discovery ST",
        "Units": "BQML",
        "TracerName": "FDG",
        "TracerRadionuclide": "18F",
        "RadionuclideHalfLife": 6588.0,
        "InjectedRadioactivity": 388.0,
        "InjectionStart": -2711.0,
        "AcquisitionMode": "STATIC",
        "DecayCorrection": "START",
        "ImageDecayCorrected": True,
        "Corrections": ["ATTN", "DECY"],
        "Reconstruction": {"ReconMethodName": "OSEM"},
        "VoxelSpacing": [3.27, 4.0, 4.0],
        "ImageOrientation": [1, 0, 0, 0, 1, 0],
        "SlicePositions": [[0, 0, 0], [0, 0, 3.27]],
        "FrameTimesStart": [0.0],
        "FrameDuration": [240.0],
        "SliceTimes": {
            "Start": [0.0, 0.0],
            "Duration": [240.0, None],
            "ReferenceTime": [0.0, 0.0],
            "DecayFactor": [1.0, 1.0],
        },
        "Block": {"Shape": [2, 4, 4], "DataType": "int16", "Encoding": "blosc2", "RescaleSlope": [1.0, 2.0]},
    }
    return {**values, **fields}


def _strings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "string":
            yield node
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)


def test_no_field_of_the_schema_holds_free_text() -> None:
    strings = list(_strings(manifest.schema()))
    assert len(strings) > 8
    assert [one for one in strings if "enum" not in one and "const" not in one] == []


def test_no_object_of_the_schema_takes_other_fields() -> None:
    schema: Any = manifest.schema()
    objects = [schema, *schema["$defs"].values()]
    assert all(one["additionalProperties"] is False for one in objects)


def test_published_schema_is_the_program_s() -> None:
    assert (ROOT / manifest_schema.PUBLISHED).read_text() == manifest_schema.text(), (
        "run python -m petfectior.pet.manifest_schema"
    )


def test_equal_manifests_have_equal_bytes() -> None:
    first, second = Manifest.model_validate(document()), Manifest.model_validate(document())
    assert first.encode() == second.encode()
    assert manifest.encode(first.document()) == first.encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"Manufacturer": "Hospital of St. Somewhere"},
        {"TracerName": "DOE^JOHN"},
        {"Units": "DOE^JOHN"},
        {"Corrections": ["DOE^JOHN"]},
        {"PatientName": "DOE^JOHN"},
        {"Subject": {"Age": 90}},
        {"Subject": {"Sex": "DOE"}},
        {"RadionuclideHalfLife": float("nan")},
        {"SlicePositions": [[0, 0, 0]]},
        {"FrameTimesStart": [0.0, 1.0]},
    ],
)
def test_what_is_not_on_the_list_does_not_leave(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate(document(**fields))


def test_subject_is_left_out_unless_asked() -> None:
    assert "Subject" not in Manifest.model_validate(document()).document()

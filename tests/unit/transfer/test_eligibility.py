"""What is asked and what leaves."""

from __future__ import annotations

import pytest

from petfectior.errors import Permanent, Rejected
from petfectior.settings import Settings
from services.transfer.eligibility import only_needed, question, refusal
from services.transfer.failures import Problem

MANIFEST = {
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "Manufacturer": "GE",
    "ManufacturersModelName": "Discovery ST",
    "Reconstruction": {"ReconMethodName": "OSEM"},
    "InjectedRadioactivity": 300.0,
    "Subject": {"BodyWeight": 71.0, "BodyHeight": 1.63, "Sex": "M", "Age": 59},
}


def test_the_question_holds_nothing_of_the_patient() -> None:
    asked = question(MANIFEST, Settings(client_id="hospital", model="m"))
    assert asked == {
        "client": "hospital",
        "tracer": "FDG",
        "radionuclide": "F18",
        "manufacturer": "GE",
        "model": "Discovery ST",
        "reconstruction": {"ReconMethodName": "OSEM"},
        "requested_model": "m",
    }


@pytest.mark.parametrize(
    ("needs", "left"),
    [
        ([], None),
        (["weight"], {"BodyWeight": 71.0}),
        (["age", "sex"], {"Sex": "M", "Age": 59}),
        (["weight", "height", "sex", "age"], MANIFEST["Subject"]),
        (["name", "Subject", "BodyWeight"], None),
    ],
)
def test_of_the_patient_only_what_the_model_needs_leaves(needs: list[str], left: object) -> None:
    manifest = only_needed(MANIFEST, needs)
    assert manifest.get("Subject") == left
    assert {name for name in MANIFEST if name != "Subject"} <= set(manifest)


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (403, "no-licence", Rejected, "licence-missing"),
        (403, "no-licence-for-tracer", Rejected, "licence-missing-for-tracer"),
        (403, "no-model-for-scanner", Rejected, "model-missing-for-scanner"),
        (403, "", Rejected, "series-refused-by-server"),
        (422, "invalid-request", Permanent, "call-refused-by-server"),
    ],
)
def test_each_refusal_has_its_reason(status: int, code: str, kind: type, reason: str) -> None:
    error = refusal(Problem(status, code))
    assert type(error) is kind
    assert error.reason.code == reason

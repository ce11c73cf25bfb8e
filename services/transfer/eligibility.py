"""Asking for licence and model before any upload; each refusal has its own reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from pydantic import JsonValue

from petfectior.errors import Permanent, Rejected
from petfectior.handling import Claim
from petfectior.settings import Settings
from services.transfer import receipts
from services.transfer.client import Eligibility, ProcessingClient
from services.transfer.failures import Problem

Manifest = Mapping[str, JsonValue]
SUBJECT: Final = {"weight": "BodyWeight", "height": "BodyHeight", "sex": "Sex", "age": "Age"}
"""What a model may need of the patient, and where the manifest has it."""
ATTRIBUTES: Final = {
    "BodyWeight": "PatientWeight",
    "BodyHeight": "PatientSize",
    "Sex": "PatientSex",
    "Age": "PatientAge",
}
"""Where the manifest's values come from."""
REFUSALS: Final = {
    "no-licence": "licence-missing",
    "no-licence-for-tracer": "licence-missing-for-tracer",
    "no-model-for-scanner": "model-missing-for-scanner",
}


def ask(claim: Claim, client: ProcessingClient, manifest: Manifest, settings: Settings) -> Eligibility:
    """Ask the server whether it would process the series.

    Raises
    ------
    Rejected
        With a reason of its own for each refusal, and if the header lacks what the model needs.
    Permanent
        If the server does not understand the question.
    """
    content = receipts.leave(claim, "eligibility", question(manifest, settings), settings)
    try:
        answer = client.eligibility(content)
    except Problem as problem:
        raise refusal(problem) from problem
    receipts.certify(claim, "eligibility", client.certificate)
    if not answer.eligible:
        raise Rejected("series-refused-by-server")
    _check_needed(manifest, answer.needs)
    return answer


def question(manifest: Manifest, settings: Settings) -> dict[str, JsonValue]:
    """Return the body: what the manifest says in numbers and closed enumerations, nothing else."""
    return {
        "client": settings.client_id,
        "tracer": manifest.get("TracerName", "other"),
        "radionuclide": manifest.get("TracerRadionuclide", "other"),
        "manufacturer": manifest.get("Manufacturer", "other"),
        "model": manifest.get("ManufacturersModelName", "other"),
        "reconstruction": manifest.get("Reconstruction", {}),
        "requested_model": settings.model,
    }


def only_needed(manifest: Manifest, needs: Iterable[str]) -> dict[str, JsonValue]:
    """Return the manifest without what the model does not ask of the patient."""
    subject = manifest.get("Subject")
    wanted = {SUBJECT[need] for need in needs if need in SUBJECT}
    kept = {k: v for k, v in subject.items() if k in wanted} if isinstance(subject, dict) else {}
    rest = {name: value for name, value in manifest.items() if name != "Subject"}
    return {**rest, "Subject": kept} if kept else rest


def _check_needed(manifest: Manifest, needs: Iterable[str]) -> None:
    subject = manifest.get("Subject")
    told = subject if isinstance(subject, dict) else {}
    for name in (SUBJECT[need] for need in needs if need in SUBJECT):
        if name not in told:
            raise Rejected("attribute-missing-in-series", attribute=ATTRIBUTES[name])


def refusal(problem: Problem) -> Rejected | Permanent:
    """Return the error that a problem of the server means for the series."""
    if problem.code in REFUSALS:
        return Rejected(REFUSALS[problem.code])
    if problem.status in {HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED}:
        return Rejected("series-refused-by-server")
    return Permanent("call-refused-by-server", status=problem.status)

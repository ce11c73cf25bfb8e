"""The privacy receipt: what left for the server, byte for byte, to whom and when, and when it was erased."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, Field, JsonValue

from petfectior.pet import manifest
from petfectior.task import Job, Package, Receipt, Task

MANIFEST: Final = "manifest"
REFERENCE: Final = "sha256"
SUBJECT: Final = "Subject"


class Message(BaseModel):
    """One body that left."""

    at: datetime
    call: str = Field(description="eligibility, create-job or package")
    server: str = Field(description="scheme, host and port")
    certificate_sha256: str | None = Field(description="of the server's TLS certificate; null without TLS")
    size: int = Field(description="bytes")
    sha256: str
    body: JsonValue = Field(description="the JSON that was sent; null for the voxel block")
    proven: bool = Field(description="body, or the stored voxel block, has this size and digest")


class Attempt(BaseModel):
    """One job at the server."""

    id: str
    begun: datetime
    state: str
    erasure_confirmed: datetime | None


class Statement(BaseModel):
    """All that left the hospital of one task; no further body was sent.

    The digest of a JSON body is that of its encoding with sorted keys, no spaces, UTF-8.
    """

    schema_version: str = "1.0"
    task: str
    manifest: dict[str, JsonValue] | None = Field(description="as it left last; null if none did")
    manifest_sha256: str | None
    package_size: int | None
    package_sha256: str | None
    package_shape: list[int] | None
    package_dtype: str | None
    package_encoding: str | None
    messages: list[Message]
    attempts: list[Attempt]
    all_erased: bool = Field(description="the server confirmed the erasure of every job")


def encoded(body: JsonValue) -> bytes:
    """Return the one byte form in which a body is sent, so that its digest can be repeated."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def shortened(body: JsonValue, package: Package | None) -> JsonValue:
    """Return a body that has the digest of its manifest, and what it tells of the patient, in its place.

    All else in it is the package's, which is kept once.
    """
    sent = body.get(MANIFEST) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(sent, dict) or package is None:
        return body
    if _nobody(sent) != _nobody(package.manifest):
        return body
    return {**body, MANIFEST: {REFERENCE: manifest.digest(sent), **_person(sent)}}


def whole(body: JsonValue, package: Package | None) -> JsonValue:
    """Return a shortened body as it was sent."""
    kept = body.get(MANIFEST) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(kept, dict) or REFERENCE not in kept or package is None:
        return body
    return {**body, MANIFEST: {**_nobody(package.manifest), **_person(kept)}}


def manifest_left(task: Task) -> dict[str, JsonValue] | None:
    """Return the manifest that left last, as it left; None if none did."""
    for receipt in reversed(task.receipts):
        body = whole(receipt.body, task.package)
        sent = body.get(MANIFEST) if isinstance(body, dict) else None
        if isinstance(sent, dict):
            return sent
    return None


def manifest_leaving(package: Package) -> dict[str, JsonValue]:
    """Return what leaves of a manifest whichever model is asked: all but the patient."""
    return _nobody(package.manifest)


def _nobody(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in document.items() if name != SUBJECT}


def _person(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {SUBJECT: document[SUBJECT]} if SUBJECT in document else {}


def statement(task: Task) -> Statement:
    """Return the receipt of a task."""
    left = manifest_left(task)
    package = task.package if left else None
    return Statement(
        task=task.id,
        manifest=left,
        manifest_sha256=manifest.digest(left) if left else None,
        package_size=package.blob.size if package else None,
        package_sha256=package.blob.sha256 if package else None,
        package_shape=list(package.shape) if package else None,
        package_dtype=package.dtype if package else None,
        package_encoding=package.encoding if package else None,
        messages=[_message(one, task.package) for one in task.receipts],
        attempts=[_attempt(one) for one in task.jobs],
        all_erased=all(one.erased_at is not None for one in task.jobs),
    )


def _message(receipt: Receipt, package: Package | None) -> Message:
    body = whole(receipt.body, package)
    return Message(
        at=_utc(receipt.at),
        call=receipt.call,
        server=receipt.server,
        certificate_sha256=receipt.certificate or None,
        size=receipt.size,
        sha256=receipt.sha256,
        body=body,
        proven=_proven(receipt, body, package),
    )


def _proven(receipt: Receipt, body: JsonValue, package: Package | None) -> bool:
    if body is None:
        blob = package.blob if package else None
        return blob is not None and (blob.size, blob.sha256) == (receipt.size, receipt.sha256)
    content = encoded(body)
    return (len(content), hashlib.sha256(content).hexdigest()) == (receipt.size, receipt.sha256)


def _attempt(job: Job) -> Attempt:
    confirmed = None if job.erased_at is None else _utc(job.erased_at)
    return Attempt(id=job.id, begun=_utc(job.created_at), state=job.state, erasure_confirmed=confirmed)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

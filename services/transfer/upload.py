"""Upload: eligibility, a job, the package; each resumed from what the server has confirmed."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

import structlog
from pydantic import JsonValue

from petfectior import metrics
from petfectior.errors import Permanent
from petfectior.handling import Advance, Again, Answer, Change, Claim
from petfectior.ports import BlobStore, Registry
from petfectior.receipts import encoded
from petfectior.settings import Settings
from petfectior.task import Blob, Job, Package, Task
from petfectior.work import Stage
from services.transfer import eligibility, job
from services.transfer import receipts as noted
from services.transfer.client import GONE, Connect, ProcessingClient
from services.transfer.failures import Problem, ServerUnavailable
from services.transfer.waiting import waits_for_server

PIECE: Final = 8 << 20
CREATE: Final = "create-job"
RESTART: Final = GONE | {HTTPStatus.CONFLICT}
log = structlog.get_logger()


@waits_for_server
def upload(
    claim: Claim, registry: Registry, blobs: BlobStore, connect: Connect, settings: Settings
) -> Answer:
    """Bring the package to the server.

    Raises
    ------
    Rejected
        If the server has no licence or model for the series.
    Permanent
        If the server refuses a call, or the task has no package.
    """
    package = claim.task.package
    if package is None:
        raise Permanent("package-missing")
    client = connect()
    attempt = claim.task.job
    if attempt is None or not job.usable(attempt):
        attempt = _begin(claim, registry, client, package, settings)
    try:
        _create(claim, client, attempt)
        finished = _send(claim, client, blobs, attempt.id, blob=package.blob, settings=settings)
    except Problem as problem:
        if problem.status not in RESTART:
            raise eligibility.refusal(problem) from problem
        log.info("job.lost", http_status=problem.status)
        return Again(change=job.abandon(attempt.id, "lost"))
    return Advance(Stage.PROCESS, _uploaded(attempt.id)) if finished else Again()


def _begin(
    claim: Claim, registry: Registry, client: ProcessingClient, package: Package, settings: Settings
) -> Job:
    answer = eligibility.ask(claim, client, package.manifest, settings)
    attempt = job.begin(claim, registry)
    body: dict[str, JsonValue] = {
        "id": attempt.id,
        "nonce": attempt.nonce,
        "client": settings.client_id,
        "model": answer.model or settings.model,
        "manifest": eligibility.only_needed(package.manifest, answer.needs),
        "package": {"size": package.blob.size, "sha256": package.blob.sha256},
    }
    noted.leave(claim, CREATE, body, settings)
    return attempt


def _create(claim: Claim, client: ProcessingClient, attempt: Job) -> None:
    """Create the job with the very body that was noted, whatever the settings say by now."""
    body = noted.sent_before(claim.task, CREATE, attempt.id)
    if body is None:  # the note was not committed before its writer died: nothing was sent
        raise Problem(HTTPStatus.NOT_FOUND, "never-created")
    client.create(encoded(body))
    noted.certify(claim, CREATE, client.certificate)


def _send(
    claim: Claim,
    client: ProcessingClient,
    blobs: BlobStore,
    job_id: str,
    *,
    blob: Blob,
    settings: Settings,
) -> bool:
    """Send pieces until the server has all, or this turn is over; tell whether it has all."""
    noted.note(claim, "package", settings, sha256=blob.sha256, size=blob.size)
    offset = client.offset(job_id)
    while offset < blob.size:
        if claim.turn_is_over:
            return False
        claim.check()
        offset = _send_piece(client, blobs, job_id, blob, offset)
        noted.certify(claim, "package", client.certificate)
        claim.save(_confirmed(job_id, offset))
    return True


def _send_piece(client: ProcessingClient, blobs: BlobStore, job_id: str, blob: Blob, offset: int) -> int:
    """Send one piece; return what the server has confirmed, also if the line broke meanwhile."""
    with blobs.read(blob.key, offset, min(PIECE, blob.size - offset)) as file:
        content = file.read()
    try:
        confirmed = client.append(job_id, offset, content)
    except ServerUnavailable:
        confirmed = client.offset(job_id)
        if confirmed <= offset:
            raise
    except Problem as problem:
        if problem.status != HTTPStatus.CONFLICT:
            raise
        confirmed = client.offset(job_id)
    metrics.TRANSFERRED_BYTES.labels("up").inc(max(0, confirmed - offset))
    return confirmed


def _confirmed(job_id: str, offset: int) -> Change:
    def alter(task: Task) -> None:
        attempt = job.current(task, job_id)
        if attempt is not None:
            attempt.state = "uploading"
            attempt.confirmed_offset = offset

    return alter


def _uploaded(job_id: str) -> Change:
    def alter(task: Task) -> None:
        attempt = job.current(task, job_id)
        if attempt is not None:
            attempt.state = "queued"
            attempt.waiting_since = time.time()

    return alter

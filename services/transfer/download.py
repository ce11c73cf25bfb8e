"""Download: the result in chunks, each committed, so that any replica goes on from the confirmed byte."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import structlog
from urllib3.exceptions import HTTPError

from petfectior import metrics
from petfectior.errors import Permanent, Quarantined
from petfectior.handling import Advance, Again, Answer, Change, Claim
from petfectior.ports import BlobStore, Registry
from petfectior.task import Blob, Job, Task
from petfectior.work import Stage
from services.transfer import job, result_content, result_descriptor
from services.transfer.client import GONE, Connect, Piece, ProcessingClient
from services.transfer.eligibility import refusal
from services.transfer.failures import Problem, ServerUnavailable
from services.transfer.result_descriptor import Descriptor
from services.transfer.waiting import waits_for_server

CHUNK: Final = 64 << 20
READ: Final = 1 << 20
log = structlog.get_logger()


@waits_for_server
def download(claim: Claim, registry: Registry, blobs: BlobStore, connect: Connect) -> Answer:
    """Fetch the result, check it, and name it on the task.

    Raises
    ------
    Quarantined
        If the result is not what was asked for; what was downloaded is kept and named.
    Permanent
        If the server refuses the call.
    """
    del registry  # the decorator's
    attempt = claim.task.job
    if attempt is None or not job.usable(attempt):
        return Advance(Stage.UPLOAD)
    try:
        return _fetch(claim, blobs, connect(), attempt)
    except Quarantined as error:
        claim.save(_quarantine(attempt.id, error.reason.code))
        raise
    except Problem as problem:
        if problem.status not in GONE:
            raise refusal(problem) from problem
        return Advance(Stage.UPLOAD, job.abandon(attempt.id, "lost"))


def _fetch(claim: Claim, blobs: BlobStore, client: ProcessingClient, attempt: Job) -> Answer:
    status = client.job(attempt.id)
    if status.state != "done":
        return Advance(Stage.PROCESS, job.learn(status.model_copy(update={"id": attempt.id})))
    if claim.task.package is None:
        raise Permanent("package-missing")
    result = result_descriptor.verified(status.result, attempt, claim.task.package)
    stated = result.model_dump(mode="json")
    if attempt.result != stated:
        claim.save(_begin(attempt.id, result))
    while (held := sum(blob.size for blob in claim.task.result)) < result.size:
        if claim.turn_is_over:
            return Again()
        claim.check()
        _fetch_chunk(claim, blobs, client, attempt.id, result=result, held=held)
    result_content.verify(_stored(blobs, claim.task.result), result)
    return Advance(Stage.REBUILD, _downloaded(attempt.id))


def _fetch_chunk(
    claim: Claim,
    blobs: BlobStore,
    client: ProcessingClient,
    job_id: str,
    *,
    result: Descriptor,
    held: int,
) -> None:
    """Store what one answer brings, at most a chunk; a line that breaks ends the chunk early."""
    try:
        with client.result(job_id, held, f'"{result.sha256}"') as piece:
            if held and not piece.resumed:
                claim.save(_begin(job_id, result))
                held = 0
            _store(claim, blobs, piece, held, min(CHUNK, result.size - held))
    except Problem as problem:
        if problem.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise Quarantined("result-length-wrong") from problem
        raise


def _store(claim: Claim, blobs: BlobStore, piece: Piece, held: int, limit: int) -> None:
    source = _bytes(claim, piece, limit)
    first = next(source, b"")
    if not first:
        raise ServerUnavailable("server-unreachable")

    def content() -> Iterator[bytes]:
        yield first
        yield from source

    blob = blobs.put(claim.blob_key(f"result-{held}"), content())
    metrics.TRANSFERRED_BYTES.labels("down").inc(blob.size)
    _append(claim, blobs, blob)


def _append(claim: Claim, blobs: BlobStore, blob: Blob) -> None:
    """Name a chunk on the task, as one with those before it that are no larger.

    So a line that breaks after every few bytes leaves few blobs, and each byte is written few times.
    """
    before, joined = list(claim.task.result), [blob]
    while before and before[-1].size <= sum(one.size for one in joined) <= CHUNK - before[-1].size:
        joined.insert(0, before.pop())
    if len(joined) > 1:
        place = f"result-{sum(one.size for one in before)}-{sum(one.size for one in joined)}"
        blob = blobs.put(claim.blob_key(place), _stored(blobs, joined))

    def alter(task: Task) -> None:
        task.result = [*before, blob]

    claim.save(alter)
    for one in joined:
        if one.key != blob.key:
            blobs.delete(one.key)


def _bytes(claim: Claim, piece: Piece, limit: int) -> Iterator[bytes]:
    """Yield at most `limit` bytes of an answer, fewer if the line breaks or the turn is over.

    Each read returns what is there: a line that trickles must not hold the turn until a piece is full.
    """
    taken = 0
    while taken < limit:
        claim.check()
        try:
            part = piece.response.raw.read1(min(READ, limit - taken), decode_content=False)
        except (HTTPError, OSError) as error:
            log.info("download.broke", error=type(error).__name__, offset=taken)
            return
        if not part:
            return
        taken += len(part)
        yield part
        if claim.turn_is_over:
            return


def _stored(blobs: BlobStore, chunks: list[Blob]) -> Iterator[bytes]:
    for chunk in chunks:
        with blobs.read(chunk.key) as file:
            while piece := file.read(READ):
                yield piece


def _begin(job_id: str, result: Descriptor) -> Change:
    """Name the result that is being downloaded, and drop chunks of any other."""

    def alter(task: Task) -> None:
        attempt = job.current(task, job_id)
        if attempt is not None:
            attempt.result = result.model_dump(mode="json")
            task.result = []

    return alter


def _downloaded(job_id: str) -> Change:
    def alter(task: Task) -> None:
        attempt = job.current(task, job_id)
        if attempt is not None:
            attempt.state, attempt.progress = "done", 1.0

    return alter


def _quarantine(job_id: str, code: str) -> Change:
    def alter(task: Task) -> None:
        task.quarantine += task.result
        job.abandon(job_id, "quarantined", code)(task)

    return alter

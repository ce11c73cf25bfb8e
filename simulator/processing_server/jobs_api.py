"""Health, eligibility and the life of a job."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from simulator.processing_server.bodies import EligibilityRequest, JobRequest
from simulator.processing_server.faults import Fault
from simulator.processing_server.jobs import UNFINISHED, Book, Job
from simulator.processing_server.models import MODELS, Model
from simulator.processing_server.problems import Problem, erased, no_job
from simulator.processing_server.storage import JOB_ID

router = APIRouter()
LONGEST_WAIT = 60.0
GLANCE = 0.02

REFUSALS = {
    Fault.NO_LICENCE: "This client has no licence",
    Fault.NO_LICENCE_FOR_TRACER: "This client has no licence for this tracer",
    Fault.NO_MODEL_FOR_SCANNER: "There is no model for this scanner and reconstruction",
}


@router.get("/health")
def health(request: Request) -> dict[str, Any]:
    """Tell that the server is alive, its version and its load."""
    book: Book = request.app.state.book
    queued = sum(job.state in UNFINISHED for job in list(book.jobs.values()))
    return {"status": "up", "version": request.app.version, "load": {"jobs": queued}}


@router.post("/eligibility")
def eligibility(request: Request, body: EligibilityRequest) -> dict[str, Any]:
    """Tell whether, and with which model, such a series would be processed."""
    for fault, title in REFUSALS.items():
        if request.app.state.faults.take(fault):
            raise Problem(403, fault, title)
    model = _model(request, body.requested_model)
    return {
        "eligible": True,
        "model": model.name,
        "model_version": model.version,
        "needs": list(model.needs),
    }


def _model(request: Request, name: str) -> Model:
    model = MODELS.get(name or request.app.state.default_model)
    if model is None:
        raise Problem(403, "no-model-for-scanner", REFUSALS[Fault.NO_MODEL_FOR_SCANNER])
    return model


@router.post("/jobs", status_code=201)
def create(request: Request, body: JobRequest, response: Response) -> dict[str, Any]:
    """Create a job; the same again answers the same."""
    book: Book = request.app.state.book
    with book.lock:
        if request.app.state.storage.erased(body.id):
            raise erased()
        known = book.jobs.get(body.id)
        if known is None:
            model = _model(request, body.model)
            return book.create(body.model_dump(), model.name, model.version).document()
    if known.request != body.model_dump():
        raise Problem(409, "job-differs", "A job with this id and another body exists")
    response.status_code = 200
    return known.document()


@router.get("/jobs")
async def changed(
    request: Request, cursor: str = "", wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0.0
) -> dict[str, Any]:
    """Answer the jobs that changed since the cursor, as soon as there are any."""
    book: Book = request.app.state.book
    place = int(cursor) if cursor.isdigit() and int(cursor) <= book.version else 0
    until = time.monotonic() + wait
    while not (jobs := book.since(place)) and time.monotonic() < until:  # noqa: ASYNC110 - the book is threaded
        await asyncio.sleep(GLANCE)
    last = max((job.changed for job in jobs), default=place)
    return {"cursor": str(last), "jobs": [job.document() for job in jobs]}


@router.get("/jobs/{job_id}")
def status(request: Request, job_id: str) -> dict[str, Any]:
    """Answer the state of a job."""
    return find(request, job_id).document()


def find(request: Request, job_id: str) -> Job:
    """Return a job, or raise the 404 or 410 that its absence means."""
    book: Book = request.app.state.book
    if JOB_ID.fullmatch(job_id) and request.app.state.storage.erased(job_id):
        raise erased()
    if job_id in book.jobs and request.app.state.faults.take(Fault.LOSE_JOB):
        book.remove(job_id, request.app.state.storage.lose)
    try:
        return book.get(job_id)
    except KeyError as error:
        raise no_job() from error


@router.delete("/jobs/{job_id}", status_code=204)
def erase(request: Request, job_id: str) -> Response:
    """Erase package and result of any id, known or not."""
    book: Book = request.app.state.book
    try:
        book.remove(job_id, request.app.state.storage.erase)
    except ValueError:
        return JSONResponse(None, status_code=404)
    return Response(status_code=204)

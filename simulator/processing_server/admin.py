"""Orders to the simulator itself; no part of the processing API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from simulator.processing_server.faults import Order

router = APIRouter()


@router.put("/faults", status_code=204)
def order(request: Request, body: Order) -> Response:
    """Bring a fault into force."""
    request.app.state.faults.put(body)
    return Response(status_code=204)


@router.delete("/faults", status_code=204)
def mend(request: Request) -> Response:
    """Take all faults back."""
    request.app.state.faults.clear()
    return Response(status_code=204)


@router.delete("/state", status_code=204)
def forget(request: Request) -> Response:
    """Forget all jobs, erasures and counts."""
    book, storage = request.app.state.book, request.app.state.storage
    for job_id in list(book.jobs):
        book.remove(job_id, storage.lose)
    for path in storage.tombs.iterdir():
        path.unlink()
    request.app.state.counts.clear()
    return Response(status_code=204)


@router.get("/state")
def state(request: Request) -> dict[str, Any]:
    """Answer the jobs that are kept and the bytes that crossed the wire."""
    book = request.app.state.book
    jobs = [job.document() | {"request": job.request} for job in list(book.jobs.values())]
    erased = sorted(path.name for path in request.app.state.storage.tombs.iterdir())
    return {"jobs": jobs, "erased": erased, "counts": asdict(request.app.state.counts)}

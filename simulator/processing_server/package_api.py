"""The package resource: resumable upload, tus 1.0 core."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.requests import ClientDisconnect

from simulator.processing_server.connection import drop
from simulator.processing_server.faults import Fault, Order
from simulator.processing_server.jobs import Job, State
from simulator.processing_server.jobs_api import find
from simulator.processing_server.problems import Problem

TUS: Final = {"Tus-Resumable": "1.0.0"}
OPEN: Final = frozenset({State.CREATED, State.UPLOADING})
_LOCKS: Final[defaultdict[str, asyncio.Lock]] = defaultdict(asyncio.Lock)


def tus(tus_resumable: Annotated[str, Header()] = "") -> None:
    """Refuse another version of the protocol."""
    if tus_resumable != TUS["Tus-Resumable"]:
        raise Problem(412, "tus-version", "Only tus 1.0.0 is spoken here", {**TUS, "Tus-Version": "1.0.0"})


router = APIRouter(dependencies=[Depends(tus)])


@router.head("/jobs/{job_id}/package")
def offset(request: Request, job_id: str) -> Response:
    """Answer how many bytes are stored."""
    job = find(request, job_id)
    headers = {
        **TUS,
        "Upload-Offset": str(request.app.state.storage.stored(job_id)),
        "Upload-Length": str(job.request["package"]["size"]),
        "Cache-Control": "no-store",
    }
    return Response(status_code=200, headers=headers)


@router.patch("/jobs/{job_id}/package", status_code=204)
async def append(
    request: Request,
    job_id: str,
    upload_offset: Annotated[int, Header(ge=0)],
    content_type: Annotated[str, Header()] = "",
) -> Response:
    """Add bytes at the offset, which must be what is stored; confirm what is on disk."""
    if content_type != "application/offset+octet-stream":
        raise Problem(415, "content-type", "Bytes are sent as application/offset+octet-stream", TUS)
    async with _LOCKS[job_id]:
        job = find(request, job_id)
        held = request.app.state.storage.stored(job_id)
        if upload_offset != held:
            raise Problem(409, "wrong-offset", "The offset is not what is stored", TUS)
        if job.state is State.CREATED:
            request.app.state.book.change(job_id, state=State.UPLOADING)
        held = await _store(request, job, held)
        if held == job.request["package"]["size"] and job.state in OPEN:
            request.app.state.engine.submit(job_id)
    return Response(status_code=204, headers={**TUS, "Upload-Offset": str(held)})


async def _store(request: Request, job: Job, held: int) -> int:
    """Append the body to the package, as much of it as arrives; return the bytes on disk."""
    order: Order | None = request.app.state.faults.take(Fault.DROP_UPLOAD)
    limit = job.request["package"]["size"]
    taken = 0
    with request.app.state.storage.append(job.id) as file:
        try:
            async for piece in request.stream():
                part = piece if order is None else piece[: order.after - taken]
                if held + len(part) > limit:
                    raise Problem(413, "package-too-long", "More bytes than were announced", TUS)
                file.write(part)
                held, taken = held + len(part), taken + len(part)
                if order is not None and taken >= order.after:
                    break
        except ClientDisconnect:
            order = order or Order(fault=Fault.DROP_UPLOAD)
        file.flush()
        os.fsync(file.fileno())
    request.app.state.counts.uploaded += taken
    if order is not None:
        await drop(request)
    return held

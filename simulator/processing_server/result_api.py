"""The result: a byte range at a time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from simulator.processing_server.connection import hang_up
from simulator.processing_server.faults import Fault, Order
from simulator.processing_server.jobs import State
from simulator.processing_server.jobs_api import find
from simulator.processing_server.problems import Problem

router = APIRouter()
PIECE: Final = 1 << 18
RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")


@router.get("/jobs/{job_id}/result")
def download(
    request: Request,
    job_id: str,
    range_: Annotated[str, Header(alias="Range")] = "",
    if_range: Annotated[str, Header()] = "",
) -> Response:
    """Answer the concatenated blocks, or the range of them that is asked for."""
    job = find(request, job_id)
    if job.state is not State.DONE or job.result is None:
        raise Problem(409, "no-result", "The job has no result")
    path: Path = request.app.state.storage.result(job_id)
    size = path.stat().st_size
    etag = f'"{job.result["sha256"]}"'
    wanted = RANGE.fullmatch(range_) if if_range in {"", etag} else None
    first = int(wanted[1]) if wanted else 0
    last = min(int(wanted[2]), size - 1) if wanted and wanted[2] else size - 1
    if wanted and not first <= last:
        raise Problem(416, "range", "The range lies beyond the result", {"Content-Range": f"bytes */{size}"})
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    order = request.app.state.faults.take(Fault.DROP_DOWNLOAD)
    return StreamingResponse(
        _pieces(request, path, first, last + 1, order),
        status_code=206 if wanted else 200,
        headers=headers,
        media_type="application/octet-stream",
    )


async def _pieces(
    request: Request, path: Path, offset: int, end: int, order: Order | None
) -> AsyncIterator[bytes]:
    stop = end if order is None else min(end, offset + order.after)
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(min(PIECE, stop - offset)):
            request.app.state.counts.downloaded += len(piece)
            offset += len(piece)
            yield piece
    if stop < end:
        await hang_up(request)

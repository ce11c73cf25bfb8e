"""``/upload``: the page; ``POST /api/v1/uploads``: a ZIP of DICOM files, with a verdict for each."""

from __future__ import annotations

import tempfile
from http import HTTPStatus
from typing import Any, BinaryIO, Final, Literal, cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from petfectior.errors import Rejected
from petfectior.reasons import Reason
from services.api import body_limit
from services.api.access.required import Operator
from services.api.dependencies import Language, PortsGiven
from services.api.problems import answers
from services.api.rendering import page
from services.api.uploads import sending
from services.api.wording import Wording

router = APIRouter(tags=["uploads"])
pages = APIRouter(include_in_schema=False)
VERDICTS: Final = {"upload-stored": "stored", "upload-directory": "skipped", "upload-not-dicom": "skipped"}
TRY_AGAIN: Final = frozenset({"upload-unknown", "upload-refused"})
ZIP: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FileAnswer(BaseModel):
    """What became of one file."""

    name: str = Field(description="its name in the ZIP")
    verdict: Literal["stored", "skipped", "refused"]
    code: str
    detail: str = Field(description="what happened and what to do, in the visitor's language")
    again: bool = Field(description="whether sending it again may help")


class UploadAnswer(BaseModel):
    """What became of each file."""

    stored: int
    files: list[FileAnswer]


@pages.get("/upload")
def show_upload(_: Operator, request: Request) -> Response:
    """Show where files are dropped."""
    return page(
        request,
        "upload.html",
        {"largest": body_limit.LARGEST_UPLOAD, "address": str(request.base_url).rstrip("/")},
    )


@router.post("/api/v1/uploads", responses=answers(413, 422), openapi_extra=ZIP)
async def upload(_: Operator, request: Request, ports: PortsGiven, language: Language) -> UploadAnswer:
    """Send the DICOM files (PS3.10) of a ZIP to this gateway; sending a file again does no harm."""
    wording = Wording(language)
    with tempfile.TemporaryFile(prefix="petfectior-") as file:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > body_limit.LARGEST_UPLOAD:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await run_in_threadpool(file.write, chunk)
        if not size:
            raise Rejected("upload-not-zip")
        verdicts = await run_in_threadpool(sending.send, cast("BinaryIO", file), ports.settings())
    files = [_told(name, reason, wording) for name, reason in verdicts.items()]
    return UploadAnswer(stored=sum(one.verdict == "stored" for one in files), files=files)


def _told(name: str, reason: Reason, wording: Wording) -> FileAnswer:
    verdict = VERDICTS.get(reason.code, "refused")
    return FileAnswer(
        name=name,
        verdict=cast("Literal['stored', 'skipped', 'refused']", verdict),
        code=reason.code,
        detail=wording.reason(reason),
        again=reason.code in TRY_AGAIN,
    )

"""The services' log: ``/logs``, and ``/api/v1/logs``."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from petfectior.journal import Journal, Line, Search
from petfectior.reasons import Reason
from petfectior.sentences import CATALOGUE
from petfectior.service import Ports
from petfectior.supervisor import SERVICES
from services.api.access.required import Operator
from services.api.dependencies import PortsGiven, language_of
from services.api.live import unless_seen
from services.api.log_filter import PAGE, LogFilter, Wanted
from services.api.phrases import explained
from services.api.problems import answers
from services.api.rendering import page

router = APIRouter(prefix="/api/v1/logs", tags=["logs"])
pages = APIRouter(include_in_schema=False, prefix="/logs")
MOST_EXPORTED = 100_000
AT_ONCE = 1000


class LogPage(BaseModel):
    """Lines of the log, newest first."""

    lines: list[Line]
    before: str | None = Field(description="ask with it for the lines before; null at the end")


@router.get("", responses=answers(422))
def list_lines(_: Operator, ports: PortsGiven, wanted: Wanted) -> LogPage:
    """Return a page of the log. Lines hold no identifier of a patient."""
    lines = ports.journal.find(wanted.search())
    return LogPage(lines=lines, before=lines[-1].id if len(lines) == PAGE else None)


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/jsonl": {}}}, **answers(422)},
)
def export_lines(_: Operator, ports: PortsGiven, wanted: Wanted) -> Response:
    """Return all lines that match as JSON lines, newest first, up to a hundred thousand."""
    return attachment(_as_json(walk(ports.journal, wanted.search(AT_ONCE))), "application/jsonl", "log.jsonl")


@pages.get("")
def show_logs(_: Operator, request: Request, ports: PortsGiven, wanted: Wanted) -> Response:
    """Show the log."""
    return page(request, "logs.html", _shown(request, ports, wanted))


@pages.get("/live")
def show_live_logs(_: Operator, request: Request, ports: PortsGiven, wanted: Wanted) -> Response:
    """Show the newest lines, or nothing if the visitor has them already."""
    return unless_seen(request, page(request, "logs_live.html", _shown(request, ports, wanted)))


def walk(journal: Journal, search: Search) -> Iterator[Line]:
    """Yield all lines that match, page by page."""
    found = 0
    while found < MOST_EXPORTED:
        lines = journal.find(search)
        yield from lines
        found += len(lines)
        if len(lines) < search.limit:
            return
        search = search.model_copy(update={"before": lines[-1].id})


def attachment(content: Iterator[bytes], media_type: str, name: str) -> Response:
    """Return a download."""
    headers = {"Content-Disposition": f'attachment; filename="petfectior-{name}"'}
    return StreamingResponse(content, media_type=media_type, headers=headers)


def _as_json(lines: Iterator[Line]) -> Iterator[bytes]:
    for line in lines:
        yield json.dumps(line.model_dump(mode="json"), ensure_ascii=False).encode() + b"\n"


def _shown(request: Request, ports: Ports, wanted: LogFilter) -> dict[str, object]:
    lines = ports.journal.find(wanted.search())
    language = language_of(request)
    return {
        "rows": [(line, _meaning(line, language), _rest(line)) for line in lines],
        "wanted": wanted,
        "older": lines[-1].id if len(lines) == PAGE else "",
        "services": SERVICES,
    }


def _meaning(line: Line, language: str) -> str:
    """Return the sentence of the line's code, where the code alone makes one."""
    code = str(line.fields.get("code", ""))
    return explained(Reason(code=code), language) if code in CATALOGUE else ""


def _rest(line: Line) -> dict[str, object]:
    return {
        name: value for name, value in line.fields.items() if name not in {"event", "replica", "correlation"}
    }

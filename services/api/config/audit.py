"""The audit trail: ``/config/audit``, and ``/api/v1/audit``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, JsonValue

from petfectior.access import audit
from petfectior.journal import Kind, Line, Search
from services.api.access.required import Admin
from services.api.config.sections import PAGES
from services.api.dependencies import PortsGiven
from services.api.log_filter import moment
from services.api.log_pages import AT_ONCE, attachment, walk
from services.api.problems import answers
from services.api.rendering import page

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
pages = APIRouter(include_in_schema=False, prefix="/config/audit")
PAGE: Final = 100


class AuditFilter(BaseModel):
    """Query parameters."""

    q: str = Field("", max_length=128, description="part of an entry: a name, an address, a task")
    since: str = Field("", max_length=40, pattern=r"^[0-9T:.+Z-]*$", description="ISO 8601")
    until: str = Field("", max_length=40, pattern=r"^[0-9T:.+Z-]*$", description="ISO 8601, not including")
    before: str = Field("", max_length=64, description="id of the oldest entry that is known")

    def search(self, limit: int = PAGE) -> Search:
        """Return the search in the trail."""
        return Search(
            kind=Kind.AUDIT,
            text=self.q,
            since=moment(self.since),
            until=moment(self.until),
            before=self.before or None,
            limit=limit,
        )


Wanted = Annotated[AuditFilter, Query()]


class AuditPage(BaseModel):
    """Entries of the trail as DICOM audit messages (PS3.15 A.5), newest first."""

    entries: list[dict[str, JsonValue]]
    before: str | None = Field(description="ask with it for the entries before; null at the end")


@router.get("", responses=answers(422))
def list_entries(_: Admin, ports: PortsGiven, wanted: Wanted) -> AuditPage:
    """Return a page of the trail; that it was looked at is an entry as well."""
    lines = ports.journal.find(wanted.search())
    before = lines[-1].id if len(lines) == PAGE else None
    return AuditPage(entries=[line.fields for line in lines], before=before)


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {"application/jsonl": {}, "application/xml": {}}}, **answers(422)},
)
def export_entries(
    _: Admin, ports: PortsGiven, wanted: Wanted, form: Literal["jsonl", "xml"] = "jsonl"
) -> Response:
    """Return the trail to keep elsewhere: JSON lines, or the XML of PS3.15 A.5."""
    lines = walk(ports.journal, wanted.search(AT_ONCE))
    if form == "xml":
        return attachment(iter([audit.xml(list(lines))]), "application/xml", "audit.xml")
    return attachment(_as_json(lines), "application/jsonl", "audit.jsonl")


@pages.get("")
def show_trail(_: Admin, request: Request, ports: PortsGiven, wanted: Wanted) -> Response:
    """Show the trail."""
    lines = ports.journal.find(wanted.search())
    older = lines[-1].id if len(lines) == PAGE else ""
    context = {"pages": PAGES, "here": "audit", "lines": lines, "wanted": wanted, "older": older}
    return page(request, "config_audit.html", context)


def _as_json(lines: Iterator[Line]) -> Iterator[bytes]:
    for line in lines:
        yield json.dumps(line.fields, ensure_ascii=False).encode() + b"\n"

"""The privacy receipt of a task: ``/api/v1/tasks/{id}/receipt`` to download, and a page to print."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from petfectior import receipts
from petfectior.receipts import Statement
from services.api.access.required import Viewer
from services.api.dependencies import PortsGiven
from services.api.problems import answers
from services.api.rendering import page

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])
pages = APIRouter(include_in_schema=False)


def _(text: str) -> str:
    """Mark a text for the catalogues; it is translated when it is shown."""
    return text


CALLS = {
    "eligibility": _("Question for licence and model"),
    "create-job": _("Manifest"),
    "package": _("Voxel block"),
}


@router.get("/{task_id}/receipt", responses=answers(404, 422))
def download_receipt(_: Viewer, response: Response, ports: PortsGiven, task_id: str) -> Statement:
    """Return every body that left for the server, its digest, to whom and when, and when it was erased."""
    made = receipts.statement(ports.tasks.get(task_id))
    response.headers["Content-Disposition"] = f'attachment; filename="petfectior-receipt-{made.task}.json"'
    return made


@pages.get("/tasks/{task_id}/receipt")
def show_receipt(_: Viewer, request: Request, ports: PortsGiven, task_id: str) -> Response:
    """Show the receipt, fit to be printed."""
    task = ports.tasks.get(task_id)
    made = receipts.statement(task)
    bodies = [json.dumps(one.body, indent=1, ensure_ascii=False, sort_keys=True) for one in made.messages]
    context: dict[str, object] = {"made": made, "calls": CALLS, "one": task}
    return page(
        request, "receipt.html", context | {"messages": list(zip(made.messages, bodies, strict=True))}
    )

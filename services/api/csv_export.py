"""The list of tasks as CSV (RFC 4180), for a spreadsheet: same filter, same order, all pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from petfectior.access.person import Person
from petfectior.ports import TaskQuery, TaskStore
from petfectior.task import Task
from services.api.access.required import Viewer
from services.api.as_seen import as_seen
from services.api.dependencies import Language, PortsGiven
from services.api.problems import answers
from services.api.progress import newest_deliveries
from services.api.state import label
from services.api.task_filter import Filtered
from services.api.wording import Wording, iso

PAGE: Final = 200
MOST: Final = 100_000
COLUMNS: Final = (
    "task patient_name patient_id accession_number study_date study_description series_number "
    "series_description modality tracer state stage status outcome reason_code received expected "
    "source source_address destinations created updated"
).split()
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""

router = APIRouter(tags=["tasks"])
_CONTENT: Final = {"text/csv": {"schema": {"type": "string"}}}


@router.get(
    "/api/v1/tasks.csv",
    response_class=StreamingResponse,
    responses={200: {"description": "One line per task.", "content": _CONTENT}, **answers(422)},
)
def export_tasks(
    person: Viewer, ports: PortsGiven, wanted: Filtered, language: Language
) -> StreamingResponse:
    """Return all tasks that match, up to 100,000; offset and limit do not count."""
    query = wanted.query(person).model_copy(update={"limit": PAGE})
    lines = _lines(ports.tasks, query, person, Wording(language))
    headers = {"Content-Disposition": 'attachment; filename="tasks.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(tasks: TaskStore, query: TaskQuery, person: Person, wording: Wording) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)  # a spreadsheet knows UTF-8 by its mark
    for offset in range(0, MOST, PAGE):
        found = tasks.find(query.model_copy(update={"offset": offset}))
        yield "".join(_line(_cells(as_seen(task, person), wording)) for task in found)
        if len(found) < PAGE:
            return


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(_harmless(cell) for cell in cells)
    return line.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _cells(task: Task, wording: Wording) -> list[str]:
    series = task.series
    destinations = [
        f"{one.destination.name}: {one.accepted_count}/{one.total}" for one in newest_deliveries(task)
    ]
    return [
        task.id,
        series.patient_name,
        series.patient_id,
        series.accession_number,
        series.study_date,
        series.study_description,
        series.series_number,
        series.series_description,
        series.modality,
        series.tracer,
        label(task, wording),
        task.stage,
        task.status,
        task.outcome or "",
        task.work.reason.code if task.work.reason else "",
        str(task.received),
        "" if task.expected is None else str(task.expected),
        task.source.calling_ae_title,
        task.source.address,
        "; ".join(destinations),
        iso(task.created_at),
        iso(task.updated_at),
    ]

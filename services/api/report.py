"""The quantification report of a task: ``/api/v1/tasks/{id}/report``, and a page to print."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, ValidationError

from petfectior.errors import NotFound
from petfectior.pet.quantification import Figures, Quantification
from petfectior.reasons import Reason
from petfectior.task import Output, Task
from services.api.access.required import Viewer
from services.api.as_seen import as_seen
from services.api.dependencies import Language, PortsGiven, language_of
from services.api.problems import answers
from services.api.rendering import page
from services.api.wording import Wording

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])
pages = APIRouter(include_in_schema=False)


def _(text: str) -> str:
    """Mark a text for the catalogues; it is translated when it is shown."""
    return text


FIGURES = {
    "suv_max": _("SUVmax"),
    "suv_peak": _("SUVpeak (sphere of 1 ml)"),
    "suv_mean": _("SUVmean (above 41 % of the highest)"),
    "highest": _("Highest value"),
    "lowest": _("Lowest value"),
    "peak": _("Mean in a sphere of 1 ml around the highest"),
    "voi_mean": _("Mean above 41 % of the highest"),
    "voi_volume": _("Volume above 41 % of the highest, ml"),
    "total": _("Sum over the volume, value × ml"),
}


class SeriesReport(BaseModel):
    """The report on one derived series."""

    output: str
    series_uid: str
    description: str
    quantification: Quantification
    suv: str = Field(description="by which rule SUVs were computed, or why they were not, in words")


class ReportAnswer(BaseModel):
    """The report on all derived series of a task."""

    task: str
    series: list[SeriesReport]


@dataclass(frozen=True)
class Line:
    """One line of the table: a number before and after, and the relative change."""

    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """Relative change; None where there is nothing to compare."""
        if self.before is None or self.after is None or self.before == 0:
            return None
        return (self.after - self.before) / abs(self.before)


@router.get("/{task_id}/report", responses=answers(404, 422))
def show_report(person: Viewer, ports: PortsGiven, task_id: str, language: Language) -> ReportAnswer:
    """Return activity, SUVs, rounding errors and checks of each derived series, before and after."""
    return report(as_seen(ports.tasks.get(task_id), person), Wording(language))


@pages.get("/tasks/{task_id}/report")
def show_report_page(person: Viewer, request: Request, ports: PortsGiven, task_id: str) -> Response:
    """Show the report, fit to be printed."""
    task = as_seen(ports.tasks.get(task_id), person)
    wording = Wording(language_of(request))
    made = report(task, wording)
    tables = [(one, lines(one.quantification, wording)) for one in made.series]
    study_date = wording.dicom_date(task.series.study_date)
    return page(request, "report.html", {"one": task, "tables": tables, "study_date": study_date})


def report(task: Task, wording: Wording) -> ReportAnswer:
    """Return the report of a task. Raises `NotFound` if it has none yet, or was only forwarded."""
    found = [one for output in task.outputs if (one := _of(output, wording)) is not None]
    if not found:
        raise NotFound("report-missing")
    return ReportAnswer(task=task.id, series=found)


def lines(made: Quantification, wording: Wording) -> list[Line]:
    """Return the table's lines."""
    before, after = (figures.model_dump() for figures in _pair(made))
    return [Line(wording.translate(label), before[name], after[name]) for name, label in FIGURES.items()]


def _pair(made: Quantification) -> tuple[Figures, Figures]:
    return made.before, made.after


def _of(output: Output, wording: Wording) -> SeriesReport | None:
    try:
        made = Quantification.model_validate(output.report)
    except ValidationError:
        return None
    return SeriesReport(
        output=output.id,
        series_uid=output.series_uid,
        description=output.description,
        quantification=made,
        suv=wording.reason(Reason(code=made.suv_code)),
    )

"""Projections and slices of a series as PNG: before, after and what changed."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from petfectior.errors import NotFound
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.task import Output, Task
from services.api.access.required import Viewer
from services.api.dependencies import Language, PortsGiven, language_of
from services.api.images import picture
from services.api.images.kept import ProjectionStore
from services.api.images.projection import Kind, Projections, View
from services.api.images.volume import Volume
from services.api.problems import answers
from services.api.rendering import page
from services.api.wording import Wording

router = APIRouter(prefix="/api/v1/tasks/{task_id}/outputs/{output_id}", tags=["images"])
pages = APIRouter(include_in_schema=False)
SUV_HIGHEST: Final = 30.0
SUV_USUAL: Final = 7.0
STEPS: Final = 100
Top = Annotated[float, Query(gt=0, le=1e12, description="upper end of the window: SUV, or the series' units")]
PNG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A picture.", "content": {"image/png": {}}}
}


class ImagesAnswer(BaseModel):
    """What pictures there are of an output, and how their window is set."""

    task: str
    output: str
    description: str
    slices: int
    units: str = Field(description="SUV, or the units of the series")
    suv: str = Field(description="by which rule SUVs are computed, or why they are not, in words")
    top: float = Field(description="upper end of the window to begin with")
    highest: float = Field(description="upper end of the window, at most")
    step: float


@router.get("/images", responses=answers(404, 422))
def show_images(
    _: Viewer, request: Request, ports: PortsGiven, task_id: str, output_id: str, language: Language
) -> ImagesAnswer:
    """Tell what pictures there are. The first call for a series looks at all its voxels."""
    task, output = _found(ports, task_id, output_id)
    return _told(task, output, _store(request).get(task, output), Wording(language))


@router.get("/mip/{view}/{kind}.png", response_class=Response, responses={**PNG, **answers(404, 422)})
def show_projection(
    *,
    _: Viewer,
    request: Request,
    ports: PortsGiven,
    task_id: str,
    output_id: str,
    view: View,
    kind: Kind,
    top: Top = SUV_USUAL,
) -> Response:
    """Return a maximum intensity projection; of a change, the one farthest from 0."""
    kept = _store(request).get(*_found(ports, task_id, output_id))
    across = kept.spacing[2 if view is View.CORONAL else 1]
    return _drawn(kept.images[view, kind], kind, top / (kept.factor or 1.0), (kept.spacing[0], across))


@router.get("/slices/{index}/{kind}.png", response_class=Response, responses={**PNG, **answers(404, 422)})
def show_slice(
    *,
    _: Viewer,
    request: Request,
    ports: PortsGiven,
    task_id: str,
    output_id: str,
    index: int,
    kind: Kind,
    top: Top = SUV_USUAL,
) -> Response:
    """Return one slice, from 0 in the order of the package."""
    task, output = _found(ports, task_id, output_id)
    kept = _store(request).get(task, output)
    if not 0 <= index < len(kept.places):
        raise NotFound("images-missing")
    volume = Volume(ports.blobs, task, output, kept.places)
    values = _plane(volume, index, kind)
    return _drawn(values, kind, top / (kept.factor or 1.0), (kept.spacing[1], kept.spacing[2]))


@pages.get("/tasks/{task_id}/images")
def show_images_part(_: Viewer, request: Request, ports: PortsGiven, task_id: str) -> Response:
    """Show the pictures of every output, as a part of the task's page."""
    task = ports.tasks.get(task_id)
    wording = Wording(language_of(request))
    store = _store(request)
    shown = [_told(task, one, store.get(task, one), wording) for one in task.outputs if one.blobs]
    return page(request, "images.html", {"shown": shown})


def _plane(volume: Volume, index: int, kind: Kind) -> picture.Values:
    if kind is Kind.BEFORE:
        return volume.before(index)
    if kind is Kind.AFTER:
        return volume.after(index)
    return volume.after(index) - volume.before(index)


def _drawn(values: picture.Values, kind: Kind, top: float, spacing: tuple[float, float]) -> Response:
    draw = picture.change if kind is Kind.DIFFERENCE else picture.grey
    return Response(draw(values, top, spacing), media_type="image/png")


def _found(ports: Ports, task_id: str, output_id: str) -> tuple[Task, Output]:
    task = ports.tasks.get(task_id)
    for output in task.outputs:
        if output.id == output_id:
            return task, output
    raise NotFound("images-missing")


def _store(request: Request) -> ProjectionStore:
    store: ProjectionStore = request.app.state.projections
    return store


def _told(task: Task, output: Output, kept: Projections, wording: Wording) -> ImagesAnswer:
    highest = max(kept.highest, 1e-6)
    if kept.factor is not None:
        highest = min(SUV_HIGHEST, max(1.0, math.ceil(highest)))
    step = 0.5 if kept.factor is not None else _round(highest / STEPS)
    top = min(SUV_USUAL, highest) if kept.factor is not None else step * (STEPS // 2)
    return ImagesAnswer(
        task=task.id,
        output=output.id,
        description=output.description,
        slices=len(kept.places),
        units="SUV" if kept.factor is not None else kept.units,
        suv=wording.reason(Reason(code=kept.code)),
        top=top,
        highest=highest if kept.factor is not None else step * STEPS,
        step=step,
    )


def _round(value: float) -> float:
    """Return a number with one significant digit."""
    return float(np.format_float_positional(value, 1, unique=False, fractional=False))

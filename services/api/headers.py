"""The DICOM header of a slice before and after, element by element."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from pydicom import DataElement, Dataset
from pydicom.datadict import keyword_for_tag

from petfectior.errors import NotFound
from petfectior.service import Ports
from services.api.access.required import Operator
from services.api.dependencies import PortsGiven
from services.api.images.volume import Volume
from services.api.problems import answers
from services.api.rendering import page

LONGEST: Final = 300
MOST: Final = 3000
DEEPEST: Final = 6
State = Literal["same", "changed", "added", "removed"]

router = APIRouter(prefix="/api/v1/tasks/{task_id}/outputs/{output_id}", tags=["images"])
pages = APIRouter(include_in_schema=False)


class Element(BaseModel):
    """One element of either header."""

    path: str = Field(description="tags from the top, as (gggg,eeee)[item].(gggg,eeee)")
    name: str = Field(description="keyword, or the private creator")
    vr: str
    before: str | None = Field(description="value before, cut after 300 characters; None if it was absent")
    after: str | None
    state: State


class HeadersAnswer(BaseModel):
    """Both headers of one slice."""

    task: str
    output: str
    index: int
    slices: int
    elements: list[Element]


@router.get("/headers/{index}", responses=answers(404, 422))
def compare_headers(
    _: Operator, ports: PortsGiven, task_id: str, output_id: str, index: int
) -> HeadersAnswer:
    """Return the header of a slice before and after, from 0 in the order of the package."""
    return compared(ports, task_id, output_id, index)


@pages.get("/tasks/{task_id}/headers/{output_id}")
def show_headers(
    *,
    _: Operator,
    request: Request,
    ports: PortsGiven,
    task_id: str,
    output_id: str,
    index: int = 0,
    same: bool = False,
) -> Response:
    """Show what changed in a header, or all of it."""
    found = compared(ports, task_id, output_id, index)
    counts = {
        state: sum(one.state == state for one in found.elements) for state in ("changed", "added", "removed")
    }
    return page(request, "headers.html", {"made": found, "counts": counts, "same": same})


def compared(ports: Ports, task_id: str, output_id: str, index: int) -> HeadersAnswer:
    """Compare both headers of a slice. Raises `NotFound` if there is no such output or slice."""
    task = ports.tasks.get(task_id)
    output = next((one for one in task.outputs if one.id == output_id), None)
    if output is None:
        raise NotFound("images-missing")
    volume = Volume(ports.blobs, task, output)
    if not 0 <= index < len(volume):
        raise NotFound("images-missing")
    before = dict(_flat(volume.header_before(index)))
    after = dict(_flat(volume.header_after(index)))
    paths = sorted({*before, *after})[:MOST]
    elements = [_element(path, before.get(path), after.get(path)) for path in paths]
    return HeadersAnswer(task=task.id, output=output.id, index=index, slices=len(volume), elements=elements)


Told = tuple[str, str, str]
"""Name, VR and value."""


def _element(path: str, before: Told | None, after: Told | None) -> Element:
    name, vr, _ = after or before or ("", "", "")
    old, new = before and before[2], after and after[2]
    state: State = "same" if old == new else "changed"
    if before is None or after is None:
        state = "added" if before is None else "removed"
    return Element(path=path, name=name, vr=vr, before=_cut(old), after=_cut(new), state=state)


def _flat(header: Dataset, above: str = "", depth: int = 0) -> Iterator[tuple[str, Told]]:
    for tag in sorted(header.keys()):
        path = f"{above}({tag >> 16:04X},{tag & 0xFFFF:04X})"
        try:
            element = header[tag]
        except Exception:  # noqa: BLE001 - pydicom raises whatever a broken value makes it raise
            yield path, (_name(header, tag), "??", "?")
            continue
        if element.VR == "SQ" and depth < DEEPEST:
            yield path, (_name(header, tag), "SQ", f"[{len(element.value)}]")
            for number, item in enumerate(element.value, start=1):
                yield from _flat(item, f"{path}[{number}].", depth + 1)
        else:
            yield path, (_name(header, tag), str(element.VR), _value(element))


def _name(header: Dataset, tag: int) -> str:
    if not tag >> 16 & 1:
        return keyword_for_tag(tag)
    creator = header.get((tag >> 16, tag >> 8 & 0xFF))
    return _clean(str(creator.value)) if creator is not None and tag & 0xFF00 else ""


def _value(element: DataElement) -> str:
    value = element.value
    if isinstance(value, bytes):
        return (
            _clean(value.rstrip(b"\0 ").decode("latin-1"))
            if value.isascii()
            else f"{len(value)} B {value[:32].hex()}"
        )
    if value is None:
        return ""
    many = element.VM > 1
    return _clean("\\".join(map(str, value)) if many else str(value))


def _clean(text: str) -> str:
    """Leave out control and direction characters: they would change how the rest is read."""
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else f"{text[:LONGEST]}…"

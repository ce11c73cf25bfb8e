"""The DICOM association log: ``/logs/associations``, and ``/api/v1/associations``."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from pydicom.uid import UID

from petfectior import association_log
from petfectior.association_log import KEPT, Association
from petfectior.reasons import Reason
from petfectior.service import Ports
from services.api.access.required import Operator
from services.api.dependencies import PortsGiven, language_of
from services.api.live import unless_seen
from services.api.phrases import explained
from services.api.problems import answers
from services.api.rendering import page

router = APIRouter(prefix="/api/v1/associations", tags=["logs"])
pages = APIRouter(include_in_schema=False, prefix="/logs/associations")
SHOWN: Final = 200


class AssociationList(BaseModel):
    """Associations, the newest first."""

    associations: list[Association]


@router.get("", responses=answers(422))
def list_associations(
    _: Operator, ports: PortsGiven, limit: Annotated[int, Query(ge=1, le=KEPT)] = 100
) -> AssociationList:
    """Return the newest entries of the association log."""
    return AssociationList(associations=association_log.newest(ports.registry, limit))


@pages.get("")
def show_associations(_: Operator, request: Request, ports: PortsGiven) -> Response:
    """Show the association log."""
    return page(request, "associations.html", _shown(request, ports))


@pages.get("/live")
def show_live_associations(_: Operator, request: Request, ports: PortsGiven) -> Response:
    """Show the newest entries, or nothing if the visitor has them already."""
    return unless_seen(request, page(request, "associations_live.html", _shown(request, ports)))


def _shown(request: Request, ports: Ports) -> dict[str, object]:
    language = language_of(request)
    newest = association_log.newest(ports.registry, SHOWN)
    return {"rows": [(one, _meaning(one, language), _contexts(one)) for one in newest]}


def _meaning(one: Association, language: str) -> str:
    return explained(Reason(code=one.reason), language) if one.reason else ""


def _contexts(one: Association) -> list[str]:
    return [f"{UID(sop_class).name}, {UID(syntax).name}" for sop_class, syntax in one.contexts]

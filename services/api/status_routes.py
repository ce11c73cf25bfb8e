"""``/health`` and ``/metrics``: without a login later on, so nothing in them is private."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from pydantic import BaseModel

from petfectior import __version__
from petfectior.ports import TaskQuery
from services.api.access.required import Anyone
from services.api.dependencies import PortsGiven
from services.api.measuring import measure
from services.api.problems import answers

router = APIRouter(tags=["status"])


class Health(BaseModel):
    """The api is alive and reaches its store."""

    status: Literal["ok"] = "ok"
    version: str = __version__


@router.get("/health", responses=answers())
def health(_: Anyone, ports: PortsGiven) -> Health:
    """Answer 200 while the task store and the registry answer, else 503."""
    ports.tasks.count(TaskQuery(), most=1)
    ports.settings()
    return Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **answers()},
)
def metrics(_: Anyone, ports: PortsGiven) -> Response:
    """Return this process's metrics, with tasks and queues as they are now, as Prometheus reads them."""
    measure(ports.tasks, ports.bus)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

"""The doctor: ``/doctor``, and ``/api/v1/doctor``."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from petfectior import doctor
from petfectior.service import Ports
from services.api.access.required import Admin
from services.api.dependencies import Language, PortsGiven, language_of
from services.api.phrases import explained
from services.api.problems import answers
from services.api.rendering import page

router = APIRouter(prefix="/api/v1/doctor", tags=["doctor"])
pages = APIRouter(include_in_schema=False)


class FindingAnswer(BaseModel):
    """What was found of one thing."""

    check: str
    verdict: Literal["good", "warning", "bad"]
    subject: str
    code: str
    text: str = Field(description="what was found, and what to do about it")


@router.get("", responses=answers())
def examine(_: Admin, ports: PortsGiven, language: Language) -> list[FindingAnswer]:
    """Look at everything that the gateway needs; it may take half a minute."""
    return findings(ports, language)


@pages.get("/doctor")
def show_doctor(_: Admin, request: Request, ports: PortsGiven) -> Response:
    """Show every finding with its remedy, the worst first."""
    found = sorted(findings(ports, language_of(request)), key=_gravity)
    return page(request, "doctor.html", {"findings": found})


def findings(ports: Ports, language: str) -> list[FindingAnswer]:
    """Return what the doctor finds, in words."""
    return [
        FindingAnswer(
            check=one.check,
            verdict=one.verdict,
            subject=one.subject,
            code=one.reason.code,
            text=explained(one.reason, language),
        )
        for one in doctor.examine(ports)
    ]


def _gravity(finding: FindingAnswer) -> int:
    return ["bad", "warning", "good"].index(finding.verdict)

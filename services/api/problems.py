"""Errors as problem documents (RFC 9457): a stable code, and the sentence a person reads."""

from __future__ import annotations

import math
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from petfectior.access.throttle import TooManyFailures
from petfectior.errors import Conflict, NotFound, PetfectiorError, Transient
from petfectior.reasons import Reason
from services.api import faults
from services.api.access.refusals import NotAllowed, NotSignedIn
from services.api.dependencies import language_of
from services.api.phrases import explained
from services.api.security import ForeignRequest

MEDIA_TYPE = "application/problem+json"
STATUSES: list[tuple[type[PetfectiorError], int]] = [
    (NotSignedIn, 401),
    (ForeignRequest, 403),
    (NotAllowed, 403),
    (TooManyFailures, 429),
    (NotFound, 404),
    (Conflict, 409),
    (Transient, 503),
    (PetfectiorError, 422),
]
TITLES = {
    400: "Not readable",
    401: "Not signed in",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Server error",
    503: "Not available",
}

HTTP_CODES = {404: "page-unknown", 405: "method-not-allowed", 413: "request-too-large"}


class Fault(BaseModel):
    """One field that does not fit."""

    where: list[str | int]
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="stable: urn:petfectior:problem:<code>")
    title: str
    status: int
    code: str
    detail: str = Field(description="what happened and what to do, in the visitor's language")
    errors: list[Fault] = Field(default_factory=list)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the errors of a route, for OpenAPI; a body that may not fit may not be readable either."""
    statuses = (*statuses, 400) if 422 in statuses else statuses  # noqa: PLR2004 - an HTTP status
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": TITLES[status], "content": content}
        for status in (*statuses, 401, 403, 500, 503)
    }


def schemas() -> dict[str, Any]:
    """Return the JSON schemas that the documented errors refer to."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}


def status_of(error: PetfectiorError) -> int:
    """Return the HTTP status for one of our errors."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def problem(request: Request, error: Exception) -> Problem:
    """Put any exception that a route may raise into a problem document."""
    if isinstance(error, PetfectiorError):
        return _problem(request, status_of(error), error.reason)
    if isinstance(error, RequestValidationError):
        return _problem(
            request, 422, Reason(code="request-not-valid"), faults_of(error, language_of(request))
        )
    if isinstance(error, HTTPException):
        return _problem(
            request, error.status_code, Reason(code=HTTP_CODES.get(error.status_code, "request-not-valid"))
        )
    return _problem(request, 500, Reason(code="server-error"))


def of_form(request: Request, error: PetfectiorError | ValidationError) -> Problem:
    """Put what is wrong with a form into a problem document."""
    if isinstance(error, ValidationError):
        return problem(request, RequestValidationError(error.errors()))
    return problem(request, error)


def answer_error(request: Request, error: Exception) -> JSONResponse:
    """Answer with the problem document of an exception."""
    document = problem(request, error)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotSignedIn) else {}
    if isinstance(error, Transient):
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    return JSONResponse(document.model_dump(), document.status, headers, MEDIA_TYPE)


def _problem(request: Request, status: int, reason: Reason, faults: list[Fault] | None = None) -> Problem:
    return Problem(
        type=f"urn:petfectior:problem:{reason.code}",
        title=TITLES.get(status, "Error"),
        status=status,
        code=reason.code,
        detail=explained(reason, language_of(request)),
        errors=faults or [],
    )


def faults_of(error: RequestValidationError | ValidationError, language: str) -> list[Fault]:
    """Return what does not fit; the value itself is left out: it may be a secret."""
    return [Fault(where=list(one["loc"]), message=faults.text(one, language)) for one in error.errors()]

"""Errors as the API speaks them: RFC 9457 problem documents with a stable type."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import JSONResponse

TYPES: Final = "https://petfectior.org/problems/"


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, title: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.headers = headers or {}


def answer(problem: Problem) -> JSONResponse:
    """Return the document of a problem."""
    body = {"type": TYPES + problem.code, "title": problem.title, "status": problem.status}
    return JSONResponse(body, problem.status, headers=problem.headers, media_type="application/problem+json")


async def on_problem(_request: Request, problem: Exception) -> JSONResponse:
    """Answer a `Problem` that an endpoint raised."""
    if not isinstance(problem, Problem):
        raise problem
    return answer(problem)


async def on_invalid(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a body or parameter that does not fit, without repeating it."""
    return answer(Problem(422, "invalid-request", "The request does not fit the API's description"))


NO_JOB: Final = ("no-such-job", "No job with this id is known")


def no_job() -> Problem:
    """Return the 404 of an unknown job."""
    return Problem(404, *NO_JOB)


def erased() -> Problem:
    """Return the 410 of a job that was erased."""
    return Problem(410, "job-erased", "The job with this id was erased")

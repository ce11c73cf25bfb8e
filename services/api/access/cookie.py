"""The session's cookie: bound to this host over HTTPS, never read by a script."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

NAME: Final = "petfectior_session"
BOUND: Final = f"__Host-{NAME}"


def read(request: Request) -> str | None:
    """Return the cookie's value."""
    return request.cookies.get(_name(request))


def give(request: Request, response: Response, value: str, hours: float) -> None:
    """Hand out the cookie of a new session."""
    response.set_cookie(
        _name(request),
        value,
        max_age=int(hours * 3600),
        path="/",
        secure=_encrypted(request),
        httponly=True,
        samesite="lax",
    )


def take_back(request: Request, response: Response) -> None:
    """Have the browser forget the cookie."""
    name = _name(request)
    response.delete_cookie(name, path="/", secure=_encrypted(request), httponly=True, samesite="lax")


def _name(request: Request) -> str:
    return BOUND if _encrypted(request) else NAME


def _encrypted(request: Request) -> bool:
    return request.url.scheme == "https"

"""Light, dark, or as the visitor's system has it."""

from __future__ import annotations

from typing import Final

from fastapi import Request

COOKIE: Final = "theme"
THEMES: Final = ("auto", "light", "dark")


def asked_theme(request: Request) -> str | None:
    """Return the theme that ``?theme=`` names, if it is one of ours."""
    asked = request.query_params.get("theme")
    return asked if asked in THEMES else None


def chosen_theme(request: Request) -> str:
    """Return the visitor's theme: ``?theme=``, then the cookie, then the system's."""
    cookie = request.cookies.get(COOKIE)
    return asked_theme(request) or (cookie if cookie in THEMES else None) or "auto"

"""Templates in the visitor's language; everything that is shown is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from petfectior import __version__
from petfectior.sentences import LANGUAGES
from services.api.dependencies import language_of
from services.api.language import COOKIE, asked_for, catalogue
from services.api.theme import COOKIE as THEME_COOKIE
from services.api.theme import THEMES, asked_theme, chosen_theme
from services.api.wording import Wording, iso

TEMPLATES = Path(__file__).parent / "templates"
ONCE = frozenset({"/login/oidc", "/login/callback"})
YEAR_SECONDS = 365 * 86400


@cache
def environment(language: str) -> Environment:
    """Return the templates with the texts of `language`."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    templates.globals |= {"say": Wording(language), "language": language, "version": __version__}
    templates.filters["iso"] = iso
    return templates


def page(request: Request, template: str, context: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """Render a page; a language or theme that was asked for is remembered."""
    language, theme = language_of(request), chosen_theme(request)
    frame = {
        "person": request.state.person,
        "section": "/" + request.url.path.split("/")[1],
        "theme": theme,
        "languages": {one: _link(request, "lang", one) for one in LANGUAGES},
        "themes": {one: _link(request, "theme", one) for one in THEMES},
    }
    text = environment(language).get_template(template).render({**frame, **context})
    response = HTMLResponse(text, status)
    for cookie, value, asked in (
        (COOKIE, language, asked_for(request)),
        (THEME_COOKIE, theme, asked_theme(request)),
    ):
        if asked:
            response.set_cookie(cookie, value, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    return response


def _link(request: Request, name: str, value: str) -> str:
    # Only a page that can be asked for again is linked; the answer to a form or to a provider's link is not.
    path = request.url.path
    again = request.method == "GET" and path not in ONCE
    path = path if again else path.rpartition("/")[0] or "/"
    kept = request.query_params if again else {}
    parameters = {key: one for key, one in kept.items() if key not in {"lang", "theme", "did"}}
    return f"{path}?{urlencode({**parameters, name: value})}"

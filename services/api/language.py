"""Which language a visitor reads, and the catalogues: English is the source, Spanish is translated.

The ``.po`` files are read as they are, so that there is nothing to compile.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Final

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

from petfectior.sentences import LANGUAGES

COOKIE: Final = "language"
LOCALE: Final = Path(__file__).parent / "locale"


def asked_for(request: Request) -> str | None:
    """Return the language that ``?lang=`` names, if it is one of ours."""
    asked = request.query_params.get("lang")
    return asked if asked in LANGUAGES else None


def chosen(request: Request, default: str) -> str:
    """Return the visitor's language: ``?lang=``, cookie, Accept-Language, then the setting."""
    cookie = request.cookies.get(COOKIE)
    return (
        asked_for(request)
        or (cookie if cookie in LANGUAGES else None)
        or _accepted(request.headers.get("accept-language", ""))
        or default
    )


def _accepted(header: str) -> str | None:
    weighed = []
    for item in header.split(","):
        tag, _, parameter = item.strip().partition(";")
        weight = parameter.strip().removeprefix("q=") or "1"
        if tag and weight.replace(".", "", 1).isdigit():
            weighed.append((float(weight), tag))
    preferred = [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]
    found = negotiate_locale(preferred, LANGUAGES, sep="-")
    return found.lower() if found else None


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the translations into `language`; English needs none."""
    path = LOCALE / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)

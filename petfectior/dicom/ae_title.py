"""AE titles (PS3.5 6.2, VR AE): surrounding spaces mean nothing, upper and lower case differ."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_AE_TITLE: Final = re.compile(r"[ -\[\]-~]{1,16}")


def plain(title: str) -> str:
    """Return what an AE title says, without its padding."""
    return title.strip(" ")


def _valid(value: str) -> str:
    title = plain(value)
    if not _AE_TITLE.fullmatch(title):
        raise ValueError("an AE title has 1 to 16 ASCII characters without a backslash (PS3.5 6.2)")
    return title


def _valid_or_any(value: str) -> str:
    return _valid(value) if plain(value) else ""


AeTitle = Annotated[str, AfterValidator(_valid)]
AnyAeTitle = Annotated[str, AfterValidator(_valid_or_any)]
"""An AE title to be matched; "" is any."""

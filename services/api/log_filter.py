"""What of the journal is asked for: the same words for the page, the call and the export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from petfectior.journal import Kind, Search

Level = Literal["debug", "info", "warning", "error"]
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
DAY: Final = 86400.0
PAGE: Final = 100


class LogFilter(BaseModel):
    """Query parameters; times are of the gateway's own time zone unless they name one."""

    model_config = ConfigDict(extra="ignore")

    service: str = Field("", max_length=32)
    level: Level = Field("info", description="this and graver")
    task: str = Field("", max_length=64)
    since: str = Field("", max_length=40, pattern=r"^[0-9T:.+Z-]*$", description="ISO 8601")
    until: str = Field("", max_length=40, pattern=r"^[0-9T:.+Z-]*$", description="ISO 8601, not including")
    q: str = Field("", max_length=128, description="part of a line, whatever the case")
    before: str = Field("", max_length=64, description="id of the oldest line that is known")

    def search(self, limit: int = PAGE) -> Search:
        """Return the search in the log."""
        return Search(
            kind=Kind.LOG,
            services=(self.service,) if self.service else (),
            levels=LEVELS[LEVELS.index(self.level) :] if self.level != "debug" else (),
            task=self.task or None,
            since=moment(self.since),
            until=moment(self.until),
            text=self.q,
            before=self.before or None,
            limit=limit,
        )

    @property
    def live(self) -> bool:
        """Whether new lines are shown as they come: not while a text is sought, which reads many."""
        return not (self.before or self.until or self.q)

    def url(self, path: str, **changed: str) -> str:
        """Return an address with this filter, or with some of it changed."""
        defaults = LogFilter().model_dump()
        kept = {
            name: value for name, value in {**self.model_dump(), **changed}.items() if value != defaults[name]
        }
        return f"{path}?{urlencode(kept)}" if kept else path


def moment(text: str) -> float | None:
    """Return the time of an ISO 8601 text; None for what is none."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError, OSError):
        return None


Wanted = Annotated[LogFilter, Query()]

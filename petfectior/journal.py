"""What happened, line by line: the services' log and the audit trail (ADR 0008).

A fifth port beside those of `petfectior.ports`: lines are appended, searched by time, and forgotten by age
when their kind has a retention. Nothing is ever changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Kind(StrEnum):
    """What a line tells of."""

    LOG = "log"
    AUDIT = "audit"


class Line(BaseModel):
    """One line. What may be searched is told apart; the rest lies in `fields`."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="ascending with time")
    kind: Kind
    at: float
    service: str = Field(description="who wrote it")
    level: str = Field(description="of a log line: debug … error; of the audit trail: success or failure")
    task: str | None = None
    fields: dict[str, JsonValue]


class Search(BaseModel):
    """A filter on the lines of one kind; the newest come first."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    services: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    task: str | None = None
    since: float | None = None
    until: float | None = Field(default=None, description="not including")
    text: str = Field(default="", description="part of the fields as JSON, whatever the case")
    before: str | None = Field(default=None, description="id of the oldest line that is known already")
    limit: int = 200


class Journal(Protocol):
    """Lines in order of time. Every method may raise `petfectior.errors.Transient`."""

    def append(self, lines: Sequence[Line]) -> None:
        """Store lines; durable when this returns. A line whose id is stored already is left as it is."""

    def find(self, search: Search) -> list[Line]:
        """Return the newest lines that match, newest first."""

    def forget(self, before: float) -> int:
        """Remove log lines older than `before`; return how many. The audit trail is kept."""

    def close(self) -> None:
        """Release connections."""


def identity(at: float) -> str:
    """Return an id for a line of that time: ids sort as their times do."""
    return f"{first_id(at)}-{uuid4().hex[:12]}"


def first_id(at: float) -> str:
    """Return what sorts before the ids of that time and after all earlier ones."""
    return f"{int(at * 1_000_000):017d}"

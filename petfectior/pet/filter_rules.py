"""The rules of post-filters: which series gets which filter, kept in the Registry (kind ``post-filter``)."""

from __future__ import annotations

from typing import Final, Literal

import structlog
from pydantic import Field, ValidationError

from petfectior.errors import NotFound
from petfectior.pet.series_criteria import SeriesCriteria
from petfectior.ports import Registry

KIND: Final = "post-filter"
log = structlog.get_logger()


class Rule(SeriesCriteria):
    """One rule (Registry kind ``post-filter``).

    Parameters
    ----------
    fwhm
        Full width at half maximum in mm; 0 does not smooth.
    noise
        Per cent of the removed noise that is put back.
    description, description_mode
        Text appended to the series' description, or in its place.
    series_number
        Number of the derived series; None for the next one.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^\w[^\x00-\x1f/]*$")
    fwhm: float = Field(0.0, ge=0, le=50)
    noise: float = Field(0.0, ge=0, le=100)
    description: str = Field("", max_length=64)
    description_mode: Literal["append", "replace"] = "append"
    series_number: int | None = Field(None, ge=1, le=2147483647)


def rules(registry: Registry) -> list[Rule]:
    """Return all rules that can be read, by key."""
    found: list[Rule] = []
    for record in registry.list(KIND):
        try:
            found.append(Rule.model_validate(record.value))
        except ValidationError:
            log.warning("rule.unreadable", code="post-filter-unreadable")
    return found


def save(registry: Registry, rule: Rule) -> Rule:
    """Store a rule; one of the same name is replaced."""
    registry.put(KIND, rule.name, rule.model_dump(mode="json"))
    return rule


def remove(registry: Registry, name: str) -> None:
    """Remove a rule. Raises `NotFound`."""
    if not any(record.key == name for record in registry.list(KIND)):
        raise NotFound("post-filter-unknown")
    registry.delete(KIND, name)

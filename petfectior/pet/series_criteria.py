"""What a rule of a table may ask of a series: who built the scanner, its model, the tracer."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from petfectior.pet.tracers import plain


class SeriesCriteria(BaseModel):
    """Whole names that a series must have; case and accents do not count, "" fits any.

    Parameters
    ----------
    tracer
        A name of the table of tracers, or a synonym in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    manufacturer: str = Field("", max_length=64)
    model: str = Field("", max_length=64)
    tracer: str = Field("", max_length=64)

    def fits(self, manufacturer: str, model: str, tracers: Iterable[str]) -> bool:
        """Tell whether the rule is enabled and asks for nothing that the series has not.

        Parameters
        ----------
        tracers
            Every name of the series' tracer.
        """
        return (
            self.enabled
            and _has(self.manufacturer, [manufacturer])
            and _has(self.model, [model])
            and _has(self.tracer, tracers)
        )


def _has(asked: str, names: Iterable[str]) -> bool:
    return not asked or any(plain(asked) == plain(name) for name in names)

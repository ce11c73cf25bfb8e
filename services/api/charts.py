"""Bars of the last hours as numbers for a small SVG: the template draws them, without a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

HOURS: Final = 24
HEIGHT: Final = 80.0
STEP: Final = 20.0


@dataclass(frozen=True)
class Bar:
    """One hour: left edge and height in the SVG's units, and what it stands for."""

    left: float
    height: float
    says: str


@dataclass(frozen=True)
class Chart:
    """The bars, and what the highest stands for ("" if there is none)."""

    bars: list[Bar]
    highest: str


def bars(values: Sequence[float | None], say: Callable[[float], str]) -> Chart:
    """Return the bars of `values`; None is no bar."""
    highest = max((value for value in values if value), default=0.0)
    return Chart(
        bars=[
            Bar(
                left=index * STEP,
                height=round(HEIGHT * value / highest, 1) if value and highest else 0.0,
                says=say(value) if value is not None else "",
            )
            for index, value in enumerate(values)
        ],
        highest=say(highest) if highest else "",
    )

"""The server's latency over the last hours, as the lines and bars of a small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600.0
HEIGHT: Final = 80.0
LOWEST_TOP: Final = 0.1
"""Seconds: a server that is always fast draws a low line, not noise."""


@dataclass(frozen=True)
class Chart:
    """What the template draws.

    Parameters
    ----------
    lines
        Points of each stretch with answers.
    outages
        Begin and width of each stretch without.
    top
        Seconds at the upper edge.
    """

    lines: list[str]
    outages: list[tuple[float, float]]
    top: float
    first: float
    last: float


def chart(history: Sequence[tuple[float, float | None]]) -> Chart | None:
    """Return the chart of looks at the server, or None if there are too few to draw."""
    if len(history) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    first, last = history[0][0], history[-1][0]
    top = max([LOWEST_TOP, *(latency for _, latency in history if latency is not None)])

    def across(at: float) -> float:
        return round((at - first) / max(1.0, last - first) * WIDTH, 1)

    lines: list[list[str]] = [[]]
    outages: list[tuple[float, float]] = []
    ends = [*(at for at, _ in history[1:]), last]
    for (at, latency), end in zip(history, ends, strict=True):
        if latency is None:
            outages.append((across(at), max(2.0, across(end) - across(at))))
            lines.append([])
        else:
            lines[-1].append(f"{across(at)},{round(HEIGHT - latency / top * HEIGHT, 1)}")
    return Chart([" ".join(one) for one in lines if len(one) > 1], outages, top, first, last)

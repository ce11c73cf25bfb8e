"""How often a stage is tried, and how long it waits between."""

from __future__ import annotations

from typing import Final

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 900.0
TRANSIENT_LIMIT: Final = 20
"""Attempts against an outage: 2 s doubling to 15 min, three hours in all."""
CRASH_LIMIT: Final = 5
"""Attempts that may end in an unexpected error or in the worker's death."""
CRASHES: Final = frozenset({"stage-crashed", "lease-lost"})


def pause(attempts: int) -> float:
    """Return the seconds to wait after that many attempts (1-based)."""
    return min(FIRST_PAUSE * 2.0 ** (attempts - 1), LONGEST_PAUSE)


def used_up(attempts: int, code: str) -> bool:
    """Tell whether a stage that last failed with `code` has had its last attempt."""
    return attempts >= (CRASH_LIMIT if code in CRASHES else TRANSIENT_LIMIT)

"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(
    condition: Callable[[], Found | None],
    seconds: float,
    problem: str,
    explain: Callable[[], str] = lambda: "",
    every: float = 0.2,
) -> Found:
    """Return the first true value of `condition`. Raises TimeoutError with `problem` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{problem}\n{explain()}")
        time.sleep(every)
    return found


def again(act: Callable[[], Found], what: str, tries: int = 3) -> Found:
    """Return what `act` returns; a command that failed is tried anew, since the network may have hiccups."""
    for left in reversed(range(tries)):
        try:
            return act()
        except subprocess.CalledProcessError as error:
            if not left:
                raise
            print(f"== {what} failed ({error}), trying again", flush=True)
            time.sleep(10)
    raise AssertionError

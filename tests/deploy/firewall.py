"""Taking back the packet filter's rules that an engine or a cluster leaves on this machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def restored(ours: str) -> Iterator[None]:
    """At the end, remove the chains and rules that were not there before and match a regular expression."""
    before = set(_saved())
    try:
        yield
    finally:
        kept = [line for line in _saved() if line in before or not re.search(ours, line)]
        subprocess.run(["iptables-restore"], input="\n".join([*kept, ""]), text=True, check=True)


def _saved() -> list[str]:
    done = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()

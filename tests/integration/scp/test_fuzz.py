"""Mutated associations: no crash, no hang, no thread and no descriptor left behind."""

from __future__ import annotations

import time

from tests.integration.scp import fuzz, wire
from tests.integration.scp.conftest import Node, until

CASES = 3000
SECONDS = 30.0
AT_LEAST = 100


def test_mutated_associations_end_and_leave_nothing(node: Node) -> None:
    assert wire.echoes(node.port)
    before = fuzz.left(node)
    played = fuzz.fuzz(node, CASES, seed=20, until_then=time.monotonic() + SECONDS)
    assert played >= AT_LEAST
    assert wire.echoes(node.port)
    until(lambda: all(now <= then + fuzz.SPARE for now, then in zip(fuzz.left(node), before, strict=True)))
    assert node.log("association.failed") == []


def test_recorded_association_is_served_when_nothing_is_mutated(node: Node) -> None:
    assert fuzz.play(node.port, b"".join(fuzz.recorded()))
    assert until(lambda: node.log("association.ended"))[0]["outcome"] == "released"

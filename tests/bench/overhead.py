"""Seconds that the gateway adds: last C-STORE response → upload begun, result at hand → last C-STORE sent.

The destination is dcmtk's storescp, whose own time is in the second figure.

python -m tests.bench.overhead [SLICESxMATRIX] [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from simulator import scanner
from simulator.stack import Stack, running, wait_for
from tests.dcmtk import storescp


def main() -> None:
    """Print the medians over all rounds."""
    size = sys.argv[1] if len(sys.argv) > 1 else "299x200"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    slices, _, matrix = size.partition("x")
    before: list[float] = []
    after: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        storescp(Path(folder) / "destination", "+B") as destination,
        running(Stack(Path(folder), model="identity"), port=destination.port) as stack,
    ):
        for seed in range(rounds):
            first, second = _round(stack, scanner.phantom(int(slices), int(matrix), seed=seed + 1))
            before.append(first)
            after.append(second)
    print(f"overhead, {size}², embedded, {rounds} rounds, medians")
    print(f"  last C-STORE response → upload begun   {statistics.median(before):.2f} s")
    print(f"  result at hand → last C-STORE sent     {statistics.median(after):.2f} s")
    total = statistics.median(one + other for one, other in zip(before, after, strict=True))
    print(f"  together                               {total:.2f} s")


def _round(stack: Stack, source: scanner.Source) -> tuple[float, float]:
    known = {task["id"] for task in stack.tasks()}
    assert scanner.send(source, f"PETFECTIOR@127.0.0.1:{stack.dicom_port}").accepted == len(source.instances)
    answered = time.time()

    def done() -> bool:
        return any(task["id"] not in known and task["status"] == "done" for task in stack.tasks())

    wait_for(done, "the series did not arrive", 300)
    task = next(stack.task(one["id"]) for one in stack.tasks() if one["id"] not in known)
    upload = _claimed(task, "upload")
    return upload - answered, task["updated_at"] - _entered(task, "rebuild")


def _claimed(task: dict[str, Any], stage: str) -> float:
    """Return when the stage's first attempt began."""
    return min(
        entry["at"]
        for entry in task["history"]
        if entry["stage"] == stage and entry["code"] == "stage-claimed"
    )


def _entered(task: dict[str, Any], stage: str) -> float:
    return min(entry["at"] for entry in task["history"] if entry["stage"] == stage)


if __name__ == "__main__":
    main()

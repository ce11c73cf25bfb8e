"""Throughput: 20 series of 299 × 200² through one and two replicas of the working services.

    python -m tests.bench.series_per_minute [SERIES] [SLICESxMATRIX]

Embedded always; distributed too when the servers of ``tests.servers`` are installed. Prints series per
minute, p50 and p95 from the last C-STORE response to the end, and the peak memory of each service, as a
table in Markdown, with the load of the machine (runnable processes, mean of the minute) before each row.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from petfectior.supervisor import SERVICES
from simulator import scanner
from simulator.stack import Stack, running, wait_for
from tests.modes import distributed
from tests.processes import peak_megabytes
from tests.servers.fixtures import serving
from tests.servers.minio import MinIO
from tests.servers.mongo import Mongo
from tests.servers.processes import Missing
from tests.servers.rabbitmq import RabbitMQ

WORKING = ("anonymizer", "transfer", "rebuilder", "scu")


def main() -> None:
    """Measure every mode that is available."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    size = sys.argv[2] if len(sys.argv) > 2 else "299x200"
    slices, _, matrix = size.partition("x")
    sources = [scanner.phantom(int(slices), int(matrix), seed=seed) for seed in range(count)]
    print(f"{count} series of {slices} × {matrix}², {os.cpu_count()} cores\n")
    _row("mode", "replicas", "series/min", "p50 s", "p95 s", *(f"{name} MB" for name in SERVICES), "load")
    _row(*["---"] * (6 + len(SERVICES)))
    for replicas in (1, 2):
        _measure("embedded", {}, sources, replicas)
    try:
        with ExitStack() as opened, tempfile.TemporaryDirectory() as folder:
            urls = [
                opened.enter_context(serving(make, Path(folder) / make.__name__)).url
                for make in (RabbitMQ, MinIO, Mongo)
            ]
            for replicas in (1, 2):
                _measure("distributed", distributed(*urls), sources, replicas)
    except Missing as missing:
        print(f"distributed: not measured, {missing} is not here")


def _measure(mode: str, environment: dict[str, str], sources: list[scanner.Source], replicas: int) -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), "identity", environment)
        with running(stack):
            for number in range(1, replicas):
                for service in WORKING:
                    stack.start_replica(service, replica=f"{service}-{number}")
            seconds, latencies = _run(stack, sources)
            peaks = peak_megabytes(stack)
    latencies.sort()
    p95 = latencies[max(0, round(0.95 * len(latencies)) - 1)]
    _row(
        mode,
        replicas,
        f"{60 * len(latencies) / seconds:.1f}",
        f"{statistics.median(latencies):.1f}",
        f"{p95:.1f}",
        *(f"{peaks[name]:.0f}" for name in SERVICES),
        f"{load:.1f}",
    )


def _run(stack: Stack, sources: list[scanner.Source]) -> tuple[float, list[float]]:
    """Send all series one after the other; return the seconds in all and the latency of each."""
    began = time.time()
    answered: dict[str, float] = {}
    for source in sources:
        known = {task["id"] for task in stack.tasks()}
        scanner.send(source, f"PETFECTIOR@127.0.0.1:{stack.dicom_port}")
        wait_for(lambda known=known: {one["id"] for one in stack.tasks()} != known, "no task began")
        [new] = {task["id"] for task in stack.tasks()} - known
        answered[new] = time.time()
    wait_for(lambda: all(task["status"] == "done" for task in stack.tasks()), "not all arrived", 1800)
    ended = {task["id"]: task["updated_at"] for task in stack.tasks()}
    return max(ended.values()) - began, [ended[one] - answered[one] for one in answered]


def _row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()

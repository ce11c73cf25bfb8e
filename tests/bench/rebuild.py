"""Milliseconds per slice and peak memory of the rebuild stage.

python -m tests.bench.rebuild [SLICESxMATRIX or a folder of one series]

The child that is measured imports everything first, so that memory is counted above the interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from petfectior.pet.rescale import Rescaled
from services.rebuilder.derived_instance import SliceBuilder
from services.rebuilder.derived_series import DerivedSeries
from services.rebuilder.source_slices import SourceSlices
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from tests.unit.rebuilder.processed_series import House, Processed, processed

KIBI = 1024
HEADERS = 300


def main() -> None:
    """Measure in a process of its own, whose memory no preparation has grown."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "673x440"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sorted(Path(asked).iterdir()) if Path(asked).is_dir() else _made(asked, folder / "series")
        prepared = processed(House.build(folder), files)
        command = [sys.executable, "-m", "tests.bench.rebuild", "--measure", name, prepared.task.id]
        subprocess.run(command, check=True)


def _made(size: str, folder: Path) -> list[Path]:
    slices, _, matrix = size.partition("x")
    phantom = Phantom(slices=int(slices), rows=int(matrix), columns=int(matrix), seed=1)
    return PhantomSeries(phantom, implicit=True).write(folder)


def measure(folder: Path, task_id: str) -> None:
    """Rebuild a prepared task, and print what it took."""
    house = House.build(folder)
    prepared = Processed(house, house.tasks.get(task_id), [])
    claim = prepared.claim()
    base = _memory("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    [output] = prepared.finish(claim).outputs
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"rebuild, {output.count} slices, embedded store")
    print(f"  stage            {wall:.2f} s, {cpu:.2f} s of processor")
    print(f"  per slice        {1000 * cpu / output.count:.2f} ms of processor, pixels and report included")
    print(f"  header per slice {_header_milliseconds(prepared):.3f} ms")
    print(f"  peak memory      {(_memory('VmHWM') - base) / KIBI:.0f} MiB above the interpreter")


def _header_milliseconds(prepared: Processed) -> float:
    """Return what one slice's header takes: found, compared with the last one, edited, its UIDs made."""
    task = prepared.house.tasks.get(prepared.task.id)
    assert task.package is not None
    blank = Rescaled(np.zeros((2, 2), np.int16), "1", 0.5, 0.0)
    builder = SliceBuilder(_series(task.id))
    with SourceSlices(prepared.house.blobs, task, task.package.order) as sources:
        datasets = [(source, sources.dataset(source)) for source in sources.order[:HEADERS]]
    builder.build(datasets[0][1], datasets[0][0], blank)
    began = time.process_time()
    for source, dataset in datasets:
        builder.build(dataset, source, blank)
    return 1000 * (time.process_time() - began) / len(datasets)


def _series(task_id: str) -> DerivedSeries:
    return DerivedSeries(
        task_id=task_id,
        uid_root="2.25",
        rule="plain",
        source_series_uid="1.2.3",
        suffix="PETfectior",
        number_offset=1000,
        model="identity",
        model_version="1.0",
        frozen_at=0.0,
        lowest=0.0,
        highest=1e4,
        signed=True,
    )


def _memory(field: str) -> int:
    """Return VmRSS or VmHWM of this process, KiB; getrusage would tell the parent's peak."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:"))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure(Path(sys.argv[2]), sys.argv[3])
    else:
        main()

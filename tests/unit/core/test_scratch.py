"""What a killed process left on disk goes when the next one starts; what a living one needs stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, tempfile, time
from pathlib import Path
from petfectior import scratch
scratch.settle(Path(sys.argv[1]))
folder = tempfile.mkdtemp(prefix="petfectior-")
Path(folder, "block").write_bytes(b"voxels")
print(folder, flush=True)
time.sleep(600)
"""


def _started(root: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_scratch_of_a_killed_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    living, kept = _started(root)
    killed, left = _started(root)
    try:
        assert root in left.parents
        _kill(killed)
        assert (left / "block").exists()
        third, _ = _started(root)
        _kill(third)
        assert not left.parent.exists()
        assert (kept / "block").exists()
    finally:
        _kill(living)
        _kill(killed)

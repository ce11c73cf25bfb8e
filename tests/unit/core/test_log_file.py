"""A log file is bounded, and replicas that share it lose no line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from petfectior.log_file import LogFile
from tests.conftest import ROOT

WRITER = """
import sys
from pathlib import Path
from petfectior.log_file import LogFile
file = LogFile(Path(sys.argv[1]), size=500, kept=1000)
for number in range(500):
    file.write(f"{sys.argv[2]}-{number}\\n")
"""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("scp.log*") if path.suffix != ".lock"]


def test_a_full_file_is_put_aside_and_a_few_are_kept(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "logs" / "scp.log", size=1000, kept=2)
    for number in range(500):
        file.write(f"100 % of line {number}\n")
    file.close()
    files = _files(tmp_path / "logs")
    assert {path.name for path in files} == {"scp.log", "scp.log.1", "scp.log.2"}
    assert all(path.stat().st_size <= 1000 for path in files)
    newest = (tmp_path / "logs" / "scp.log").read_text().splitlines()
    assert newest[-1] == "100 % of line 499"


def test_a_file_goes_on_where_an_earlier_run_ended(tmp_path: Path) -> None:
    for number in range(3):
        file = LogFile(tmp_path / "scp.log")
        file.write(f"{number}\n")
        file.close()
    assert (tmp_path / "scp.log").read_text() == "0\n1\n2\n"


def test_processes_that_share_a_file_lose_no_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "scp.log")]
    writers = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    files = _files(tmp_path)
    assert len(files) > 3
    lines = [line for path in files for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{writer}-{number}" for writer in range(3) for number in range(500))

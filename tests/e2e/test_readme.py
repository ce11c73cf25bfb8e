"""The README's commands are run, so that it stays true."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import free_port, listens, wait_for
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]
RUN = ".venv/bin/petfectior run"


def _environment(folder: Path) -> dict[str, str]:
    return dict(os.environ, PETFECTIOR_DATA_DIR=str(folder / "data"))


def test_readme_begins_with_the_two_promised_commands() -> None:
    assert COMMANDS[0] == "make demo"
    assert RUN in COMMANDS


@pytest.mark.parametrize("command", [one for one in COMMANDS if one != RUN])
def test_command_of_the_readme_works(command: str, tmp_path: Path) -> None:
    series = tmp_path / "series"
    PhantomSeries(Phantom(slices=12, rows=48, columns=48)).write(series)
    written = command.replace("DIR", str(series)).replace("OUT", str(tmp_path / "out"))
    done = subprocess.run(
        shlex.split(written),
        cwd=ROOT,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout


def test_run_serves_a_dicom_node_and_a_page_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    dicom, web = free_port(), free_port()
    ports = {"PETFECTIOR_DICOM_PORT": str(dicom), "PETFECTIOR_API_PORT": str(web)}
    command = shlex.split(RUN)
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=_environment(tmp_path) | ports, stdout=output) as process,
    ):
        try:
            wait_for(lambda: listens(dicom) and listens(web), "the gateway does not listen", 120)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert code == 0, log.read_text()
    assert not listens(dicom)

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, PETFECTIOR_DATA_DIR=str(folder))
    command = [sys.executable, "-m", "petfectior", "run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_second_gateway_on_the_same_folder_does_not_start(tmp_path: Path) -> None:
    with (tmp_path / "supervisor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = _run(tmp_path)
    assert done.returncode == 2
    assert "already runs" in done.stderr


def test_a_folder_that_cannot_be_used_is_said_in_one_line() -> None:
    done = _run(Path("/dev/null/nowhere"))
    assert done.returncode == 2
    assert "PETFECTIOR_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_whose_store_says_nothing_leaves_when_it_is_told_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        url = f"mongodb://127.0.0.1:{silent.getsockname()[1]}/petfectior"
        environment = dict(os.environ, PETFECTIOR_DATA_DIR=str(tmp_path), PETFECTIOR_STORE_URL=url)
        command = [sys.executable, "-m", "services.anonymizer"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            connection = silent.accept()[0]
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)
            connection.close()
    assert process.returncode == 0

"""Starting a server for the tests, and stopping it by its pid."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Missing(Exception):
    """A server that is not installed here; `python -m tests.servers install` installs it."""


def cache() -> Path:
    """Return the folder where builds are kept between runs."""
    named = os.environ.get("PETFECTIOR_TEST_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "petfectior-tests"


def free_port() -> int:
    """Return a port below those that outgoing connections take, so that none takes it meanwhile."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def required(program: str) -> str:
    """Return the path of a program. Raises `Missing`."""
    found = shutil.which(program)
    if found is None:
        raise Missing(program)
    return found


class Server:
    """A process that can be stopped, killed and started again over the same data and port.

    Parameters
    ----------
    ready
        Tells whether it answers; any OSError or ConnectionError counts as no.
    """

    def __init__(
        self, command: list[str], environment: Mapping[str, str], log: Path, ready: Callable[[], bool]
    ) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._log = log
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 90.0) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(self._log.read_text(encoding="utf-8", errors="replace")[-2000:])
            threading.Event().wait(0.1)

    def stop(self, by: signal.Signals = signal.SIGTERM, seconds: float = 60.0) -> None:
        """Signal it and all that it started, and wait."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, by)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

"""``petfectior run``: every service as its own process, restarted when it dies, stopped together."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from petfectior import logs, wiring
from petfectior.errors import PetfectiorError
from petfectior.settings import Settings

SERVICES: Final = ("scp", "anonymizer", "transfer", "rebuilder", "scu", "api")
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 30.0
STEADY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
CHECKPOINT_SECONDS: Final = 10.0
log = structlog.get_logger()


@dataclass
class Child:
    """One service's process; scp may have several, which share the port."""

    service: str
    number: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = field(default=FIRST_PAUSE)

    def start(self) -> None:
        """Start the process; its replica name stays the same over restarts, so its leases come back to it."""
        replica = f"{self.service}-{self.number}"
        environment = dict(os.environ, PETFECTIOR_REPLICA=replica, PETFECTIOR_SUPERVISED="1")
        environment.pop("PETFECTIOR_HEALTH_PORT", None)  # one port cannot serve all processes
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"services.{self.service}"], env=environment, stdin=subprocess.DEVNULL
        )
        self.started = time.monotonic()
        log.info("service.launched", service=self.service, pid=self.process.pid)

    def tend(self) -> None:
        """Start it again when it has died, after a pause that doubles while it keeps dying."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            if now - self.started > STEADY_SECONDS:
                self.pause = FIRST_PAUSE
            return
        if self.process is not None:
            log.error("service.died", service=self.service, exit_code=self.process.returncode)
            self.process = None
            self.restart_at = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if now >= self.restart_at:
            self.start()


class AlreadyRunningError(Exception):
    """Another supervisor works on this data folder; two would take each other's leases."""


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(folder) from error
        yield


def run() -> int:
    """Supervise all services until SIGINT or SIGTERM; return the exit code.

    Raises
    ------
    AlreadyRunningError
        If another supervisor works on the same data folder.
    OSError
        If the data folder cannot be written.
    """
    base = Settings()
    with _alone(base.data_dir):
        return _supervise(base)


def _supervise(base: Settings) -> int:
    logs.configure("supervisor", "supervisor", base.log_level, base.data_dir / "logs")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    wiring.connect(base).close()  # creates the databases once, before the processes race for it
    children = [Child(service) for service in SERVICES]
    children += [Child("scp", number) for number in range(1, base.dicom_processes)]
    last_checkpoint = time.monotonic()
    while not stop.wait(0.1):
        for child in children:
            child.tend()
        if time.monotonic() - last_checkpoint > CHECKPOINT_SECONDS:
            _checkpoint(base)
            last_checkpoint = time.monotonic()
    return _stop(children, base)


def _checkpoint(base: Settings) -> None:
    try:
        wiring.checkpoint(base)
    except PetfectiorError as error:
        log.warning("checkpoint.waits", **logs.describe(error))


def _stop(children: list[Child], base: Settings) -> int:
    """Ask every service to finish what is in hand, then insist."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("service.killed", pid=process.pid)  # noqa: TRY400 - nothing to trace
            process.kill()
            process.wait()
    _checkpoint(base)
    # A service that was still starting had no handler yet: it died of the signal, with nothing in hand.
    well = {0, -signal.SIGTERM}
    return int(any(process.returncode not in well for process in running))

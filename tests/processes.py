"""Finding, stepping and killing the processes of a running gateway."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from petfectior.supervisor import SERVICES
from simulator.stack import Stack, wait_for

STEP_SECONDS = 0.004
STEPS = 5000


def pid_of(stack: Stack, service: str) -> int:
    """Return the process id of a service under the gateway's supervisor."""
    parent = stack.processes["gateway"].pid
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _is_service(folder, parent, service):
            return int(folder.name)
    raise ProcessLookupError(service)


def _is_service(folder: Path, parent: int, service: str) -> bool:
    try:
        command = (folder / "cmdline").read_bytes().split(b"\0")
        stat = (folder / "stat").read_text()
    except OSError:
        return False
    return f"services.{service}".encode() in command and int(stat.rpartition(")")[2].split()[1]) == parent


def peak_megabytes(stack: Stack) -> dict[str, float]:
    """Return the peak resident memory of each supervised service."""
    return {service: _peak(pid_of(stack, service)) for service in SERVICES}


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


def freeze(stack: Stack, service: str) -> int:
    """Stop a service where it is; return its process id."""
    pid = pid_of(stack, service)
    os.kill(pid, signal.SIGSTOP)
    return pid


def kill_in_the_act(pid: int, working: Callable[[], bool], passed: Callable[[], bool]) -> None:
    """Let a frozen process run in small steps until it is at work, then kill it there.

    Raises
    ------
    AssertionError
        If it got past the work unseen.
    """
    for _ in range(STEPS):
        if working():
            os.kill(pid, signal.SIGKILL)
            return
        assert not passed(), "the stage was over before it could be caught"
        os.kill(pid, signal.SIGCONT)
        threading.Event().wait(STEP_SECONDS)
        os.kill(pid, signal.SIGSTOP)
    raise AssertionError("the stage never began")


def restarted(stack: Stack, service: str, old: int) -> None:
    """Wait until the supervisor has started the service anew."""

    def anew() -> bool:
        try:
            return pid_of(stack, service) != old
        except ProcessLookupError:
            return False

    wait_for(anew, f"{service} was not restarted", 120)

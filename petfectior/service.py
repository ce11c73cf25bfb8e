"""Running one service: ports, loops, worker, sweeper, heartbeat and health, until told to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from petfectior import __version__, health, logs, metrics, pauses, scratch
from petfectior import settings as stored_settings
from petfectior.events import EventKey
from petfectior.handling import Handler
from petfectior.heartbeat import Heartbeat
from petfectior.journal import Journal
from petfectior.log_shipping import Shipping
from petfectior.ports import BlobStore, EventBus, Registry, TaskStore
from petfectior.settings import Settings
from petfectior.sweeper import Sweeper
from petfectior.worker import Worker

Loop = Callable[[threading.Event], None]
SETTINGS_AGE: Final = 1.0
log = structlog.get_logger()


@dataclass
class Ports:
    """What a service is wired to."""

    bus: EventBus
    blobs: BlobStore
    tasks: TaskStore
    registry: Registry
    journal: Journal
    base: Settings
    _effective: Settings | None = field(default=None, repr=False)
    _read_at: float = 0.0

    def settings(self) -> Settings:
        """Return the settings in force; stored ones are read again every second."""
        if self._effective is None or time.monotonic() - self._read_at > SETTINGS_AGE:
            self._effective = stored_settings.effective(self.base, self.registry)
            self._read_at = time.monotonic()
        return self._effective

    def close(self) -> None:
        """Release every connection."""
        for port in (self.bus, self.blobs, self.tasks, self.registry, self.journal):
            port.close()


@dataclass(frozen=True)
class Room:
    """What a service does: handlers of its queue's events, and loops that run until told to stop."""

    handlers: Mapping[EventKey, Handler] = field(default_factory=dict)
    loops: Sequence[Loop] = ()


class _Threads:
    """The service's threads; the end of one before its time stops the service."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.failed = False
        self.threads: list[threading.Thread] = []

    def start(self, name: str, loop: Loop) -> None:
        thread = threading.Thread(target=self._run, args=(name, loop), name=name)
        self.threads.append(thread)
        thread.start()

    def _run(self, name: str, loop: Loop) -> None:
        try:
            loop(self.stop)
        except BaseException as error:  # noqa: BLE001 - the supervisor restarts the service
            log.error("loop.crashed", logger=name, **logs.describe(error))  # noqa: TRY400 - see logs
            self.failed = True
        finally:
            self.failed = self.failed or not self.stop.is_set()
            self.stop.set()

    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self.threads)


def run(name: str, build: Callable[[Ports], Room]) -> None:
    """Run a service until SIGTERM or SIGINT; exit with 1 if one of its loops crashed."""
    from petfectior import wiring  # noqa: PLC0415 - wiring names Ports

    base = Settings()
    shipping = Shipping()
    logs.configure(name, base.replica, base.log_level, base.data_dir / "logs", shipping)
    stop = threading.Event()
    # With nothing in hand yet there is nothing to finish, and connecting may take long.
    _on_signal(lambda: os._exit(0))
    metrics.initialise(name)
    scratch.settle(base.data_dir / "scratch")
    ports = wiring.connect(base)
    shipping.start(ports.journal)
    threads = _Threads(stop)
    checks: dict[str, Callable[[], bool]] = {"threads": threads.alive}
    room = build(ports)
    _on_signal(stop.set)
    server = health.serve(base.health_host, base.health_port, name, checks)
    _start(name, room, ports, threads, checks)
    beat = Heartbeat(name, base, ports.registry, ports.bus, server.server_port)
    threads.start("heartbeat", beat.run)
    threads.start("parent", _watch_parent)
    log.info("service.started", version=__version__, port=server.server_port, pid=os.getpid())
    _wait(stop)
    for thread in threads.threads:
        thread.join()
    server.shutdown()
    ports.close()
    log.info("service.stopped")
    sys.exit(1 if threads.failed else 0)


def _on_signal(act: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: act())


def _wait(stop: threading.Event) -> None:
    # A signal that reaches another thread is handled only when this one wakes.
    while not stop.wait(1.0):
        pass


def _start(
    name: str, room: Room, ports: Ports, threads: _Threads, checks: dict[str, Callable[[], bool]]
) -> None:
    for number, loop in enumerate(room.loops):
        threads.start(f"loop-{number}", loop)
    if not room.handlers:
        return
    base = ports.base
    worker = Worker(
        name,
        room.handlers,
        bus=ports.bus,
        tasks=ports.tasks,
        owner=base.replica,
        threads=base.threads,
        paused=pauses.Switch(ports.registry, name).paused,
    )
    checks["consumer"] = worker.alive
    metrics.CONSUMER_ALIVE.labels(name).set_function(lambda: float(worker.alive()))
    threads.start("worker", worker.run)
    threads.start("sweeper", Sweeper(name, bus=ports.bus, tasks=ports.tasks).run)


def _watch_parent(stop: threading.Event) -> None:
    """End with the supervisor: an orphan would hold ports and spool locks."""
    parent = os.getppid()
    supervised = os.environ.get("PETFECTIOR_SUPERVISED") == "1"
    while not stop.wait(1.0):
        if supervised and os.getppid() != parent:
            log.error("supervisor.gone")
            stop.set()

"""Other processes for the contract tests: each opens the same backend anew and does one thing.

``python -m tests.contract.processes VERB CLASS ADDRESS …``; a line on stdout tells when it is done.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from petfectior import ledger
from petfectior.errors import Conflict
from petfectior.reasons import Reason
from petfectior.task import Note, Task

ROOT: Final = Path(__file__).resolve().parents[2]
CHUNK: Final = 1 << 20
_PATHS: Final = frozenset(
    {"SqliteEventBus", "SqliteTaskStore", "SqliteRegistry", "SqliteJournal", "FileBlobStore"}
)


@dataclass(frozen=True)
class Backend:
    """What another process needs to open the same thing.

    Parameters
    ----------
    adapter
        ``module:Class``.
    address
        Folder or URL.
    """

    adapter: str
    address: str

    def open(self) -> Any:
        module, _, name = self.adapter.partition(":")
        cls = getattr(importlib.import_module(module), name)
        return cls(Path(self.address) if name in _PATHS else self.address)


class Process:
    """A running verb."""

    def __init__(self, verb: str, backend: Backend, *arguments: object) -> None:
        command = [sys.executable, "-m", "tests.contract.processes", verb, backend.adapter, backend.address]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def says(self, word: str) -> str:
        """Wait for a line that begins with `word`; return what follows."""
        for line in self.output:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError(f"ended without saying {word!r}")

    def go(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def finish(self) -> str:
        """Wait for success; return the rest of what it said."""
        text = self.output.read()
        assert self.process.wait() == 0, text
        return text


@contextmanager
def running(verb: str, backend: Backend, *arguments: object) -> Iterator[Process]:
    """Start a verb and end it with the block."""
    process = Process(verb, backend, *arguments)
    try:
        yield process
    finally:
        process.kill()


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        threading.Event().wait(0.02)


def say(*words: object) -> None:
    print(*words, flush=True)


def hold(bus: Any, queue: str, count: str) -> None:
    """Take `count` events and keep them until killed."""
    with bus.subscribe(queue, int(count)) as subscription:
        for _ in range(int(count)):
            say("holds", subscription.receive(30).event.task_id)
        say("full")
        sys.stdin.read()


def die_of(bus: Any, queue: str, prefetch: str, poison: str) -> None:
    """Take a full hand, acknowledge what is healthy, die without a word at the poison."""
    with bus.subscribe(queue, int(prefetch)) as subscription:
        while (delivered := subscription.receive(30)) is not None:
            if delivered.event.task_id == poison:
                os._exit(9)
            delivered.ack()
            say("ate", delivered.event.task_id)


def consume(bus: Any, queue: str, prefetch: str, idle: str) -> None:
    """Acknowledge all that comes until nothing came for `idle` seconds."""
    with bus.subscribe(queue, int(prefetch)) as subscription:
        say("ready")
        while (delivered := subscription.receive(float(idle))) is not None:
            delivered.ack()
            say("ate", delivered.event.task_id)


def time_wake(bus: Any, queue: str, count: str) -> None:
    """Say at what clock time each event came."""
    with bus.subscribe(queue, 1) as subscription:
        say("ready")
        for _ in range(int(count)):
            delivered = subscription.receive(30)
            say("woke", time.time())
            delivered.ack()


def put_half(blobs: Any, key: str) -> None:
    """Begin a put that never ends."""

    def source() -> Iterator[bytes]:
        for _ in range(24):
            yield b"\x5a" * CHUNK
        say("half")
        sys.stdin.read()

    blobs.put(key, source())


def stream(blobs: Any, key: str, chunks: str, memory: str) -> None:
    """Put and read back more than the process may hold; say the digest of both ways."""

    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + int(memory), now + int(memory)))
    stored = blobs.put(key, (bytes([index % 251]) * CHUNK for index in range(int(chunks))))
    digest = hashlib.sha256()
    size = 0
    with blobs.read(key) as file:
        while data := file.read(CHUNK):
            digest.update(data)
            size += len(data)
    say("stored", stored.size, stored.sha256)
    say("read", size, digest.hexdigest())


def add_notes(tasks: Any, task_id: str, count: str, who: str) -> None:
    """Add notes to a task by compare-and-set."""
    say("ready")
    sys.stdin.readline()
    for index in range(int(count)):

        def alter(task: Task, index: int = index) -> None:
            task.notes.append(Note(at=float(index), reason=Reason(code=f"{who}-{index}")))

        _until_committed(tasks, task_id, alter)
    say("done")


def _until_committed(tasks: Any, task_id: str, alter: Callable[[Task], None]) -> None:
    while True:
        try:
            ledger.change(tasks, task_id, alter)
        except Conflict:
            continue
        return


def insert_open(tasks: Any, open_key: str) -> None:
    """Try to be the one that inserts a task with this open key."""
    from tests.contract.documents import a_task  # noqa: PLC0415

    say("ready")
    sys.stdin.readline()
    try:
        tasks.insert(a_task(open_key=open_key))
    except Conflict:
        say("lost")
    else:
        say("won")


def count_up(registry: Any, kind: str, key: str, count: str) -> None:
    """Add one to a record `count` times, by compare-and-set."""
    say("ready")
    sys.stdin.readline()
    done = 0
    while done < int(count):
        record = registry.get(kind, key)
        try:
            registry.put(kind, key, {"n": record.value["n"] + 1}, record.revision)
        except Conflict:
            continue
        done += 1
    say("done")


VERBS: Final = {
    verb.__name__: verb
    for verb in (hold, die_of, consume, time_wake, put_half, stream, add_notes, insert_open, count_up)
}

if __name__ == "__main__":
    name, adapter, address, *rest = sys.argv[1:]
    VERBS[name](Backend(adapter, address).open(), *rest)

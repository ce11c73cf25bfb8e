"""Processing: one job after another, each turned into a result slice by slice."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Final

import structlog

from simulator.processing_server import damage, produce
from simulator.processing_server.faults import Fault, Faults
from simulator.processing_server.jobs import Book, Job, State
from simulator.processing_server.storage import Storage, digest

log = structlog.get_logger()
STEPS: Final = 10
"""A job's progress is told in so many steps, so that a large series does not flood the pollers."""


class Engine:
    """Works off the queue in a thread of its own."""

    def __init__(self, book: Book, storage: Storage, faults: Faults) -> None:
        self.book = book
        self.storage = storage
        self.faults = faults
        self.queue: queue.Queue[str | None] = queue.Queue()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin, with the jobs that a restart interrupted."""
        for job_id in self.book.unfinished():
            self.queue.put(job_id)
        self.thread.start()

    def stop(self) -> None:
        """End after the job in hand."""
        self.stopping.set()
        self.queue.put(None)
        self.thread.join(timeout=5)

    def submit(self, job_id: str) -> None:
        """Queue a job whose package is complete."""
        self.book.change(job_id, state=State.QUEUED)
        self.queue.put(job_id)

    def _run(self) -> None:
        while (job_id := self.queue.get()) is not None and not self.stopping.is_set():
            with contextlib.suppress(KeyError, FileNotFoundError):  # erased meanwhile
                self._process(self.book.get(job_id))

    def _process(self, job: Job) -> None:
        self.book.change(job.id, state=State.PROCESSING, progress=0.0)
        slow = self.faults.take(Fault.SLOW)
        if slow is not None:
            self.stopping.wait(slow.seconds)
        if self._fails_on_order(job):
            return
        if digest(self.storage.package(job.id)) != job.request["package"]["sha256"]:
            self._fail(job, "package-damaged", "The package does not have the announced digest", again=True)
            return
        try:
            result = produce.result(job, self.storage, self.faults, self._progress(job))
        except Exception as error:  # noqa: BLE001 - whatever a model raises fails that job alone
            log.warning("job.failed", error=type(error).__name__)
            self._fail(job, "model-error", "The model could not process this series", again=False)
            return
        result = damage.inflict(result, self.storage.result(job.id), self.faults)
        self.book.change(job.id, state=State.DONE, progress=1.0, result=result)

    def _fails_on_order(self, job: Job) -> bool:
        if self.faults.take(Fault.FAIL_JOB_TRANSIENT):
            self._fail(job, "out-of-memory", "The server ran out of memory", again=True)
            return True
        if self.faults.take(Fault.FAIL_JOB):
            self._fail(job, "model-error", "The model could not process this series", again=False)
            return True
        return False

    def _fail(self, job: Job, code: str, message: str, *, again: bool) -> None:
        self.book.change(job.id, state=State.FAILED, code=code, message=message, transient=again)

    def _progress(self, job: Job) -> produce.Told:
        step = 0

        def told(done: float) -> None:
            nonlocal step
            if int(done * STEPS) > step:
                step = int(done * STEPS)
                self.book.change(job.id, progress=round(done, 3))

        return told

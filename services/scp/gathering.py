"""Brings the spool's parts to their tasks: heartbeat, seal, store, evaluate.

Everything it needs to know is in the spool and on the tasks, so it may die at any moment; and while the
stores are down the spool keeps growing and the gatherer keeps trying.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog

from petfectior import metrics
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.pet import completeness
from petfectior.ports import TaskQuery
from petfectior.service import Ports
from petfectior.task import Task
from petfectior.work import Stage, Status
from services.scp import evaluation, membership, part_storage
from services.scp.receiver import Bell
from services.scp.spool import Spool
from services.scp.spool_part import SpoolPart

HEARTBEAT_SECONDS: Final = 5.0
TICK_SECONDS: Final = 0.1
SETTLE_SECONDS: Final = 0.01
"""After the bell rang: at a thousand instances a second a turn for each would starve the network path."""
RETRY_SECONDS: Final = 1.0
LAST_SECONDS: Final = 20.0
"""How long a stopping replica tries to store its parts; what is left is adopted at the next start."""
QUIET_TASKS: Final = 200
ROUNDS: Final = 5
log = structlog.get_logger()


@dataclass
class Tended:
    """What the gatherer remembers of a part; nothing of it is needed after a crash."""

    task_id: str | None = None
    recorded_at: float = 0.0
    recorded_count: int = 0
    retry_at: float = 0.0
    look_at: int = 0
    elsewhere: int = 0
    busy: bool = False


class Gatherer:
    """The loop that turns parts into tasks that go on.

    Parameters
    ----------
    no_more
        Set when no further instance can arrive.
    """

    def __init__(self, ports: Ports, spool: Spool, bell: Bell, no_more: threading.Event) -> None:
        self.ports = ports
        self.spool = spool
        self.bell = bell
        self.no_more = no_more
        self._tended: dict[str, Tended] = {}
        self._ticked_at = self._adopted_at = 0.0
        self._pool = ThreadPoolExecutor(ports.base.threads, thread_name_prefix="part-storage")

    def run(self, stop: threading.Event) -> None:
        """Gather until `stop` is set, then store what is left."""
        while not (stop.is_set() and self.no_more.is_set()):
            self._hear()
            self.turn(time.time())
        self._store_all()
        self._pool.shutdown(wait=True)
        self.spool.close()

    def turn(self, now: float) -> None:
        """Look once at every part, and at the tasks whose quiet time is over."""
        if now - self._adopted_at >= HEARTBEAT_SECONDS:
            self._adopted_at = now
            self._adopt()
        for part in self.spool.parts():
            memory = self._tended.setdefault(part.id, Tended())
            if not memory.busy and now >= memory.retry_at:
                with self._trying(part.id, memory):
                    self._tend(part, memory, now)
        if now - self._ticked_at >= TICK_SECONDS:
            self._ticked_at = now
            self._tick(now)

    def _hear(self) -> None:
        with contextlib.suppress(queue.Empty):
            self.bell.get(timeout=TICK_SECONDS)
            time.sleep(SETTLE_SECONDS)
            while True:  # one turn serves all that rang meanwhile
                self.bell.get_nowait()

    def _adopt(self) -> None:
        try:
            adopted = self.spool.adopt()
            self.spool.tidy()
        except OSError as error:
            log.error("spool.failed", exc_info=error)  # noqa: TRY400 - see petfectior.logs
            return
        if adopted:
            log.warning("spool.adopted", count=adopted)
        parts = self.spool.parts()
        metrics.SPOOL_PARTS.set(len(parts))
        metrics.SPOOL_BYTES.set(sum(part.size for part in parts))
        metrics.DISK_FREE_BYTES.labels("spool").set(self.spool.free_bytes())

    def _tend(self, part: SpoolPart, memory: Tended, now: float) -> None:
        if not part.count:
            if part.finished:
                self._forget(part)
            return
        beat = now - memory.recorded_at >= HEARTBEAT_SECONDS
        if memory.task_id is None or beat or (part.finished and memory.recorded_count != part.count):
            self._record(part, memory, now)
        if not part.finished:
            self._finish_if_complete(memory)
        if part.finished:
            memory.busy = True
            self._pool.submit(self._store, part, memory)

    def _record(self, part: SpoolPart, memory: Tended, now: float) -> None:
        count = part.count
        try:
            task = membership.join(part, memory.task_id, self.ports, now)
        except NotFound:
            memory.task_id = None  # a person deleted the task; what was acknowledged opens another
            raise
        memory.task_id, memory.recorded_at, memory.recorded_count = task.id, now, count
        memory.look_at = memory.look_at or task.expected or 0
        here = {one.id for one in self._parts_of(task.id)}
        memory.elsewhere = sum(one.count for one in task.parts if one.id not in here)

    def _finish_if_complete(self, memory: Tended) -> None:
        """Finish a task's parts as soon as the announced number is there, not at the association's end."""
        if not memory.look_at or memory.task_id is None:
            return
        together = self._parts_of(memory.task_id)
        if sum(one.count for one in together) + memory.elsewhere < memory.look_at:
            return
        task = self.ports.tasks.get(memory.task_id)
        facts = part_storage.facts_of(task, self.ports.blobs)
        for one in together:
            facts += list(one.facts)
        verdict = completeness.assess(facts, completeness.Limits())
        if verdict.complete and verdict.expected is not None:
            for one in together:
                one.finish()
        else:
            memory.look_at += max(1, (verdict.expected or 0) - verdict.received)

    def _store(self, part: SpoolPart, memory: Tended) -> None:
        task_id = memory.task_id
        with self._trying(part.id, memory):
            if task_id is not None:
                self._name(part, task_id, memory)
                self._evaluate(task_id)
        memory.busy = False
        self.bell.put(None)

    def _name(self, part: SpoolPart, task_id: str, memory: Tended) -> None:
        try:
            part_storage.store(part, task_id, self.ports.blobs, self.ports.tasks)
        except NotFound:
            memory.task_id = None
            raise
        self._forget(part)

    def _evaluate(self, task_id: str) -> None:
        for _ in range(ROUNDS):
            try:
                evaluation.evaluate(task_id, self.ports, time.time())
            except Conflict:
                continue
            except NotFound:
                return
            return

    def _tick(self, now: float) -> None:
        memory = self._tended.setdefault("tick", Tended())
        if now < memory.retry_at:
            return
        with self._trying(None, memory):
            query = TaskQuery(
                stages=(Stage.RECEIVE,), statuses=(Status.WAITING,), sweep_before=now, limit=QUIET_TASKS
            )
            for task in self.ports.tasks.find(query):
                own = self._tended.setdefault(task.id, Tended())
                if now >= own.retry_at:
                    with self._trying(task.id, own):
                        self._tend_quiet(task, now)

    def _tend_quiet(self, task: Task, now: float) -> None:
        """Evaluate a task whose quiet time seems over; what is open here is finished first."""
        parts = self._parts_of(task.id)
        pause = membership.quiet_seconds(self.ports.settings(), task.source.calling_ae_title)
        if any(part.last_at + pause > now for part in parts) and not task.process_as_is:
            for part in parts:
                self._record(part, self._tended[part.id], now)
            return
        for part in parts:
            part.finish()
        if not parts:
            self._tended.pop(task.id, None)
            self._evaluate(task.id)

    def _parts_of(self, task_id: str) -> list[SpoolPart]:
        return [
            part
            for part in self.spool.parts()
            if (memory := self._tended.get(part.id)) and memory.task_id == task_id
        ]

    def _forget(self, part: SpoolPart) -> None:
        self.spool.discard(part)
        self._tended.pop(part.id, None)

    def _store_all(self) -> None:
        deadline = time.monotonic() + LAST_SECONDS
        while (parts := self.spool.parts()) and time.monotonic() < deadline:
            for part in parts:
                part.finish()
            self.turn(time.time())
            self._hear()
        if parts:
            log.warning("spool.left", count=len(parts))

    @contextlib.contextmanager
    def _trying(self, subject: str | None, memory: Tended) -> Iterator[None]:
        """Let no part or task stop the others: what fails is tried again a second later."""
        try:
            yield
        except (Transient, Conflict, NotFound) as error:
            log.info("gathering.waits", part=subject, exc_info=error)
        except Exception as error:  # one sick series must harm no other
            log.error("gathering.failed", part=subject, exc_info=error)  # noqa: TRY400 - see petfectior.logs
        else:
            return
        memory.retry_at = time.time() + RETRY_SECONDS

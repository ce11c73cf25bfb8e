"""One long poll for all jobs; its news moves tasks on by compare-and-set."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from petfectior import ledger, logs, transitions
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.ports import EventBus, TaskQuery, TaskStore
from petfectior.task import Task
from petfectior.topology import wakes
from petfectior.work import Stage
from services.transfer import job
from services.transfer.client import Connect, JobStatus, News
from services.transfer.failures import Problem

WAIT_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 2.0
GLANCE_SECONDS: Final = 0.2
NEWS_IN_HAND: Final = 4
SHORTEST_SECONDS: Final = 1.0
ENDS: Final = frozenset({"done", "failed", "expired"})
log = structlog.get_logger()


class NotAwaited(Exception):
    """The news is of a job that no task waits for."""


def poll(tasks: TaskStore, bus: EventBus, connect: Connect, replica: str, stop: threading.Event) -> None:
    """Act on the news of all jobs until told to stop; returns early only if asking crashed."""
    news: queue.Queue[News | None] = queue.Queue(maxsize=NEWS_IN_HAND)
    # A long poll cannot be interrupted, so it has a thread that nobody waits for at the end.
    asking = threading.Thread(target=_ask, args=(connect, news, stop), name="long-poll", daemon=True)
    asking.start()
    while asking.is_alive() and not stop.is_set():
        try:
            heard = news.get(timeout=GLANCE_SECONDS)
        except queue.Empty:
            continue
        for status in heard.jobs if heard else []:
            _act(tasks, bus, status, replica, stop)


def _ask(connect: Connect, news: queue.Queue[News | None], stop: threading.Event) -> None:
    cursor = ""
    while not stop.is_set():
        asked = time.monotonic()
        try:
            heard = connect().changed(cursor, WAIT_SECONDS)
        except (Transient, Problem) as error:
            log.info("poll.waits", **logs.describe(error))
            cursor = "" if isinstance(error, Problem) else cursor
            stop.wait(PAUSE_SECONDS)
            continue
        except Exception as error:  # noqa: BLE001 - whatever a server answers must not end the poll
            log.error("poll.failed", **logs.describe(error))  # noqa: TRY400 - a traceback quotes values
            stop.wait(PAUSE_SECONDS)
            continue
        cursor = heard.cursor
        _put(news, heard, stop)
        if not heard.jobs:
            # A server that does not wait as it was asked would be asked without end.
            stop.wait(max(0.0, SHORTEST_SECONDS - (time.monotonic() - asked)))


def _put(news: queue.Queue[News | None], heard: News, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            news.put(heard, timeout=GLANCE_SECONDS)
        except queue.Full:
            continue
        else:
            return


def _act(tasks: TaskStore, bus: EventBus, status: JobStatus, replica: str, stop: threading.Event) -> None:
    """Act on one job's news; an outage of our own stores is waited out, so that no news is lost."""
    while not stop.is_set():
        try:
            apply(tasks, bus, status, replica)
        except Transient as error:
            log.warning("news.waits", **logs.describe(error))
            stop.wait(PAUSE_SECONDS)
        except Conflict as error:
            log.warning("news.contended", **logs.describe(error))
            return
        else:
            return


def apply(tasks: TaskStore, bus: EventBus, status: JobStatus, replica: str) -> None:
    """Write the news of one job on its task, and wake whoever must go on."""
    for found in tasks.find(TaskQuery(job_id=status.id, limit=1)):
        try:
            task = ledger.change(tasks, found.id, _change(status, replica))
        except (NotAwaited, NotFound):
            return
        if status.state in ENDS:
            log.info("job.ended", task=task.id, state=status.state)
            for event in wakes(task):
                bus.publish(event)


def _change(status: JobStatus, replica: str) -> Callable[[Task], None]:
    def alter(task: Task) -> None:
        waiting = task.stage is Stage.PROCESS and job.awaited(task, status.id)
        if not waiting:
            raise NotAwaited
        now = time.time()
        if status.state == "done":
            job.learn(status)(task)
            task.outcome = None
            transitions.enter(task, Stage.DOWNLOAD, now, replica, "result-announced")
        elif status.state in ENDS and job.parked(task):
            job.abandon(status.id, status.state, status.message[:200])(task)
        elif status.state in ENDS:
            # What a failed or expired job means is for the check handler to decide.
            task.outcome = None
            transitions.enter(task, Stage.PROCESS, now, replica, "job-ended")
        elif not _learns_anything(task, status):
            raise NotAwaited
        else:
            job.learn(status)(task)

    return alter


def _learns_anything(task: Task, status: JobStatus) -> bool:
    known = task.job
    return known is not None and (known.state, known.progress) != (status.state, status.progress)

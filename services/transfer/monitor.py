"""The server monitor: is it there, since when, how fast; and whom its return wakes."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog
from pydantic import JsonValue

from petfectior import ledger, logs, metrics, pauses
from petfectior.errors import Conflict, NotFound, Transient
from petfectior.ports import EventBus, Registry, TaskQuery, TaskStore
from petfectior.task import Task
from petfectior.topology import wakes
from petfectior.work import Stage, Status
from services.transfer.client import Connect
from services.transfer.failures import Problem, ServerUnavailable
from services.transfer.waiting import MONITOR

UP_SECONDS: Final = 10.0
DOWN_SECONDS: Final = 2.0
PAGE: Final = 100
HISTORY_STEP: Final = 60.0
HISTORY_MOST: Final = 240
STAGES: Final = (Stage.UPLOAD, Stage.PROCESS, Stage.DOWNLOAD)
log = structlog.get_logger()


class StillBusy(Exception):
    """The task does not wait for the server any more."""


def watch(
    tasks: TaskStore, bus: EventBus, registry: Registry, connect: Connect, stop: threading.Event
) -> None:
    """Ask for the server's health until told to stop; on recovery wake what waits for it.

    A person can stop the asking; then the server is no longer known to be there or not.
    """
    paused = pauses.Switch(registry, pauses.MONITOR).paused
    known = ""
    while not stop.is_set():
        pause = DOWN_SECONDS
        if paused():
            stop.wait(pause)
            continue
        try:
            found = look(registry, connect)
            if found == "up" and known != "up":
                wake_waiting(tasks, bus, stop)
            known = found
            pause = UP_SECONDS if found == "up" else DOWN_SECONDS
        except Transient as error:
            log.warning("monitor.waits", **logs.describe(error))
        stop.wait(pause)


def look(registry: Registry, connect: Connect) -> str:
    """Call the server once, record what was found, and return ``up`` or the cause's code."""
    began = time.monotonic()
    version = ""
    try:
        version = str(connect().health().get("version", ""))[:32]
        state = "up"
    except ServerUnavailable as error:
        state = error.reason.code
    except Problem:
        state = "server-speaks-otherwise"
    latency = time.monotonic() - began
    metrics.SERVER_UP.set(state == "up")
    metrics.SERVER_LATENCY.set(latency)
    _record(registry, state, latency, version)
    return state


def _record(registry: Registry, state: str, latency: float, version: str) -> None:
    now = time.time()
    shown = "up" if state == "up" else "down"
    try:
        before = registry.get(*MONITOR).value
    except NotFound:
        before = {}
    since = before.get("since") if before.get("state") == shown else now
    value: dict[str, JsonValue] = {
        "state": shown,
        "cause": "" if state == "up" else state,
        "since": since,
        "checked": now,
        "latency": round(latency, 4),
        "version": version,
        "history": _history(before.get("history"), now, latency if state == "up" else None),
    }
    registry.put(*MONITOR, value)
    if before.get("state") != shown:
        log.info("server.changed", state=shown, code=state)


def _history(before: JsonValue, now: float, latency: float | None) -> list[JsonValue]:
    """Return one look a minute of the last hours: when, and how fast, or null if there was no answer."""
    known = before if isinstance(before, list) else []
    last = known[-1] if known else None
    if isinstance(last, list):
        as_before = (last[1] is None) == (latency is None)
        if as_before and now - float(str(last[0])) < HISTORY_STEP:
            return known
    newest: list[JsonValue] = [round(now, 1), None if latency is None else round(latency, 4)]
    return [*known, newest][-HISTORY_MOST:]


def wake_waiting(tasks: TaskStore, bus: EventBus, stop: threading.Event) -> None:
    """Make every task that waits for the server due now, and publish its event."""
    query = TaskQuery(stages=STAGES, statuses=(Status.WAITING,), newest_first=False, limit=PAGE)
    offset = 0
    while not stop.is_set() and (page := tasks.find(query.model_copy(update={"offset": offset}))):
        for task in page:
            if _waits(task):
                _wake(tasks, bus, task)
        offset += len(page)


def _waits(task: Task) -> bool:
    reason = task.work.reason
    return task.work.status is Status.WAITING and reason is not None and reason.code.startswith("server-")


def _wake(tasks: TaskStore, bus: EventBus, task: Task) -> None:
    def alter(task: Task) -> None:
        if task.stage not in STAGES or not _waits(task):
            raise StillBusy
        task.work.due = time.time()

    try:
        fresh = ledger.change(tasks, task.id, alter)
    except (StillBusy, NotFound, Conflict):
        return
    for event in wakes(fresh):
        bus.publish(event)

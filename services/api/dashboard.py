"""The dashboard: today's series, what runs, what needs a person, the server, and the last day as charts."""

from __future__ import annotations

import math
import statistics
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from petfectior.access.person import Person
from petfectior.errors import NotFound
from petfectior.ports import Outline, Registry, TaskQuery, TaskStore
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.work import Outcome, Status
from services.api.access.required import Viewer
from services.api.as_seen import as_seen
from services.api.charts import HOURS, bars
from services.api.dependencies import Language, PortsGiven, language_of
from services.api.live import unless_seen
from services.api.presentation import MOST_COUNTED, Row, row
from services.api.problems import answers
from services.api.rendering import page
from services.api.wording import Wording

LISTED: Final = 6
MOST: Final = 5000
AGE: Final = 5.0
HOUR: Final = 3600.0
MONITOR: Final = ("server-monitor", "server")
OPEN: Final = (Status.WAITING, Status.WORKING)
PROBLEMS: Final = (Outcome.REJECTED.value, Outcome.FAILED.value)

router = APIRouter(prefix="/api/v1", tags=["status"])
pages = APIRouter(include_in_schema=False)


class Server(BaseModel):
    """The processing server as the monitor last found it."""

    state: str = Field(description="up, down, or unknown if nobody has looked yet")
    since: float | None = None
    checked: float | None = None
    latency: float | None = Field(None, description="seconds")
    reason: str | None = Field(None, description="why it is down, in words")


class DashboardAnswer(BaseModel):
    """Counts of now, and of the series that came since midnight; counted up to 1,000 where it says so."""

    today: dict[str, int] = Field(description="series since midnight: all, done, running, problem")
    running: int = Field(description="tasks in progress, up to 1,000")
    problems: int = Field(description="tasks rejected or failed, up to 1,000")
    server: Server
    finished: list[int] = Field(description="series finished in each of the last 24 hours, oldest first")
    seconds: list[float | None] = Field(description="median time from first image to end, by the same hours")


class Recent:
    """Outlines of the tasks of the last day and a half, read again every few seconds however many look."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks
        self._turn = threading.Lock()
        self._read_at = -math.inf
        self._found: list[Outline] = []

    def get(self, now: float) -> list[Outline]:
        """Return the outlines, at most five seconds old."""
        with self._turn:
            if time.monotonic() - self._read_at > AGE:
                self._found = self._tasks.outlines(TaskQuery(created_from=now - 36 * HOUR, limit=MOST))
                self._read_at = time.monotonic()
            return self._found


@dataclass(frozen=True)
class Listed:
    """Tasks that the page names."""

    running: list[Row]
    problems: list[Row]


@router.get("/dashboard", responses=answers(422))
def show_numbers(_: Viewer, request: Request, ports: PortsGiven, language: Language) -> DashboardAnswer:
    """Return what the dashboard shows, as numbers."""
    now = time.time()
    recent = request.app.state.recent.get(now)
    ended = [one for one in recent if one.status is Status.DONE]
    return DashboardAnswer(
        today=_today([one for one in recent if one.created_at >= midnight(now)]),
        running=ports.tasks.count(TaskQuery(statuses=OPEN), MOST_COUNTED),
        problems=ports.tasks.count(TaskQuery(outcomes=PROBLEMS), MOST_COUNTED),
        server=_server(ports.registry, Wording(language)),
        finished=[len(hour) for hour in _by_hour(ended, now)],
        seconds=[
            statistics.median(one.updated_at - one.created_at for one in hour) if hour else None
            for hour in _by_hour(ended, now)
        ],
    )


@pages.get("/")
def show_dashboard(person: Viewer, request: Request, ports: PortsGiven) -> Response:
    """Show how things are."""
    return page(request, "dashboard.html", _context(person, request, ports))


@pages.get("/dashboard/live")
def show_live_dashboard(person: Viewer, request: Request, ports: PortsGiven) -> Response:
    """Show what may have changed, or nothing if the visitor has it already."""
    return unless_seen(request, page(request, "dashboard_live.html", _context(person, request, ports)))


def _context(person: Person, request: Request, ports: Ports) -> dict[str, object]:
    language = language_of(request)
    wording = Wording(language)
    numbers = show_numbers(person, request, ports, language)
    return {
        "now": numbers,
        "listed_tasks": Listed(
            running=_rows(ports, TaskQuery(statuses=OPEN, limit=LISTED), person, wording),
            problems=_rows(ports, TaskQuery(outcomes=PROBLEMS, limit=LISTED), person, wording),
        ),
        "finished": bars([float(count) for count in numbers.finished], wording.number),
        "waited": bars(numbers.seconds, wording.duration),
        "hours": _hours(time.time()),
        "day": datetime.now().astimezone().date().isoformat(),
        "grafana": ports.settings().grafana_url,
    }


def _rows(ports: Ports, query: TaskQuery, person: Person, wording: Wording) -> list[Row]:
    return [row(as_seen(task, person), wording) for task in ports.tasks.find(query)]


def midnight(now: float) -> float:
    """Return when the day of `now` began, in the gateway's time zone."""
    local = datetime.fromtimestamp(now).astimezone()
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _today(came: list[Outline]) -> dict[str, int]:
    return {
        "all": len(came),
        "done": sum(one.status is Status.DONE for one in came),
        "running": sum(one.status in OPEN for one in came),
        "problem": sum(one.outcome in {Outcome.REJECTED, Outcome.FAILED} for one in came),
    }


def _by_hour(ended: list[Outline], now: float) -> list[list[Outline]]:
    """Return those that ended in each of the last hours, oldest hour first; the last is the one that runs."""
    last = now // HOUR
    hours: list[list[Outline]] = [[] for _ in range(HOURS)]
    for one in ended:
        ago = int(last - one.updated_at // HOUR)
        if 0 <= ago < HOURS:
            hours[HOURS - 1 - ago].append(one)
    return hours


def _hours(now: float) -> list[str]:
    return [
        datetime.fromtimestamp(now - (HOURS - 1 - k) * HOUR).astimezone().strftime("%H:00")
        for k in range(HOURS)
    ]


def _server(registry: Registry, wording: Wording) -> Server:
    try:
        found = registry.get(*MONITOR).value
    except NotFound:
        return Server(state="unknown")
    state = str(found.get("state", "unknown"))
    code = str(found.get("cause") or "")
    return Server(
        state=state,
        since=_seconds(found.get("since")),
        checked=_seconds(found.get("checked")),
        latency=_seconds(found.get("latency")),
        reason=wording.reason(Reason(code=code)) if code and state != "up" else None,
    )


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

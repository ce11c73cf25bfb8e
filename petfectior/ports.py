"""The four ports. Handlers see these protocols; only `petfectior.wiring` knows what is behind them.

Times are seconds since the Unix epoch (UTC) unless a name says otherwise. Every method may raise
`petfectior.errors.Transient` when its server does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from petfectior.events import Event
from petfectior.task import Blob, Task
from petfectior.work import Outcome, Stage, Status


class Delivered(Protocol):
    """One event in a consumer's hands. Exactly one of the three verbs is called, once."""

    event: Event

    def ack(self) -> None:
        """Drop the message: its effect is committed."""

    def retry(self, delay: float) -> None:
        """Hand the message out again after `delay` seconds."""

    def dead_letter(self, reason: str) -> None:
        """Park the message for a person, with a reason code."""


class Subscription(Protocol):
    """A consumer's connection to one queue. Several worker threads may call `receive` at once."""

    def receive(self, timeout: float) -> Delivered | None:
        """Return the next event, or None after `timeout` seconds without one."""

    def alive(self) -> bool:
        """Tell whether the queue still hands out events to this consumer (liveness probe)."""

    def close(self) -> None:
        """Stop consuming; what was handed out and not settled is handed to another consumer."""


class DeadLetter(BaseModel):
    """A parked event."""

    model_config = ConfigDict(frozen=True)

    id: str
    queue: str
    event: Event
    reason: str
    parked_at: float


class QueueDepth(BaseModel):
    """What a queue holds now."""

    model_config = ConfigDict(frozen=True)

    ready: int
    delayed: int
    unsettled: int
    dead: int
    oldest: float | None = Field(default=None, description="publish time of the oldest ready event")


class EventBus(Protocol):
    """Durable queues with acknowledgement, delayed retry and dead letters."""

    def publish(self, event: Event) -> None:
        """Store `event` in the queue that the topology names; durable when this returns."""

    def subscribe(self, queue: str, prefetch: int) -> AbstractContextManager[Subscription]:
        """Consume `queue`; at most `prefetch` events are out unsettled at a time."""

    def depth(self, queue: str) -> QueueDepth:
        """Count what `queue` holds."""

    def dead_letters(self, queue: str, limit: int = 100) -> list[DeadLetter]:
        """List parked events of `queue`, oldest first, without removing them."""

    def take_dead_letter(self, queue: str, dead_letter_id: str) -> DeadLetter:
        """Remove one parked event and return it. Raises `NotFound`."""

    def close(self) -> None:
        """Release connections."""


class BlobInfo(BaseModel):
    """What a listing tells of a blob."""

    model_config = ConfigDict(frozen=True)

    key: str
    size: int
    modified: float


class BlobStore(Protocol):
    """Large immutable objects under keys of our own making (never from DICOM values)."""

    def put(self, key: str, source: Iterable[bytes]) -> Blob:
        """Store the chunks of `source` under `key`, atomically; return key, size and SHA-256.

        The blob is visible and durable when this returns, and not visible at all before.
        Memory stays bounded however large the source is.
        """

    def read(self, key: str, offset: int = 0, length: int | None = None) -> AbstractContextManager[BinaryIO]:
        """Open a range of a blob for sequential reading. Raises `NotFound`."""

    def delete(self, key: str) -> None:
        """Remove a blob; no error if there is none."""

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """List blobs whose key begins with `prefix`."""

    def close(self) -> None:
        """Release connections."""


class Order(StrEnum):
    """What a list of tasks is sorted by."""

    CREATED = "created"
    UPDATED = "updated"
    PATIENT = "patient"


class TaskQuery(BaseModel):
    """A filter on tasks. Each field and order used by the product has a declared index."""

    model_config = ConfigDict(frozen=True)

    stages: tuple[Stage, ...] = ()
    statuses: tuple[Status, ...] = ()
    outcomes: tuple[str, ...] = ()
    open_key: str | None = None
    series_key: str | None = None
    job_id: str | None = None
    derived_series_uid: str | None = None
    sweep_before: float | None = Field(default=None, description="sweep_at is set and not later than this")
    text: str | None = Field(default=None, description="prefix of patient name or id, or of the task's id")
    id_begins: str | None = Field(default=None, description="prefix of the task's id")
    source: str | None = Field(default=None, description="calling AE title, whole")
    tracer: str | None = Field(default=None, description="name of the tracer, whole; case does not matter")
    created_from: float | None = Field(default=None, description="created then or later")
    created_before: float | None = Field(default=None, description="created earlier")
    order: Order = Order.CREATED
    newest_first: bool = Field(default=True, description="descending; by patient: from Z to A")
    offset: int = 0
    limit: int = 100


class Outline(BaseModel):
    """The little of a task that is counted and charted."""

    model_config = ConfigDict(frozen=True)

    stage: Stage
    status: Status
    outcome: Outcome | None = None
    created_at: float
    updated_at: float


class TaskStore(Protocol):
    """Task documents, each replaced as a whole by compare-and-set on its revision."""

    def insert(self, task: Task) -> Task:
        """Add a task; return it with revision 1. Raises `Conflict` if its id or open_key is taken."""

    def get(self, task_id: str) -> Task:
        """Return a task. Raises `NotFound`."""

    def replace(self, task: Task) -> Task:
        """Replace the document whose revision is `task.revision`; return it with the next one.

        Raises
        ------
        Conflict
            If the stored revision is another one, or the open_key is taken.
        NotFound
            If the task was deleted.
        """

    def delete(self, task_id: str, revision: int) -> None:
        """Remove a task by compare-and-set. Raises `Conflict` or `NotFound`."""

    def find(self, query: TaskQuery) -> list[Task]:
        """Return the page of tasks that match, in the query's order (by sweep_at for sweep_before)."""

    def count(self, query: TaskQuery, most: int | None = None) -> int:
        """Count the tasks that match, however many pages; with `most`, stop counting there."""

    def outlines(self, query: TaskQuery) -> list[Outline]:
        """Return what `find` does, without reading a document."""

    def tally(self) -> dict[tuple[Stage, Status], int]:
        """Count tasks by stage and status, for gauges and the dashboard."""

    def close(self) -> None:
        """Release connections."""


class Record(BaseModel):
    """A small record by kind and key."""

    model_config = ConfigDict(frozen=True)

    kind: str
    key: str
    value: dict[str, JsonValue]
    revision: int


class Registry(Protocol):
    """Small records by kind and key: devices, settings, tracers, jobs owed an erasure, heartbeats."""

    def get(self, kind: str, key: str) -> Record:
        """Return a record. Raises `NotFound`."""

    def put(self, kind: str, key: str, value: dict[str, JsonValue], revision: int | None = None) -> Record:
        """Write a record.

        Parameters
        ----------
        revision
            The revision that must be stored now; 0 for "must not exist"; None to overwrite whatever is.

        Raises
        ------
        Conflict
            If another revision is stored.
        """

    def delete(self, kind: str, key: str, revision: int | None = None) -> None:
        """Remove a record; no error if there is none. Raises `Conflict` on another revision."""

    def list(self, kind: str) -> list[Record]:
        """Return all records of a kind, by key."""

    def close(self) -> None:
        """Release connections."""

"""The task document: one DICOM series from one sender, all it went through and all it needs next.

Times are seconds since the Unix epoch (UTC). The document is replaced as a whole by
compare-and-set on `Task.revision`; see `petfectior.transitions` for the moves that are allowed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, JsonValue, computed_field

from petfectior.reasons import Reason
from petfectior.work import Outcome, Stage, Status, Work

SCHEMA_VERSION: Final = 1


class Kind(StrEnum):
    """What is done with the series."""

    PROCESS = "process"
    FORWARD = "forward"


class Blob(BaseModel):
    """A blob that counts because a compare-and-set on the task named it."""

    model_config = ConfigDict(frozen=True)

    key: str
    size: int
    sha256: str


class Source(BaseModel):
    """Who sent the series. AE titles and addresses live here and in the association log only."""

    model_config = ConfigDict(frozen=True)

    calling_ae_title: str
    called_ae_title: str
    address: str


class Series(BaseModel):
    """What the task page shows of a series; decoded for display only, in the site's character set."""

    sop_class_uid: str = ""
    study_uid: str = ""
    series_uid: str = ""
    modality: str = ""
    patient_name: str = ""
    patient_id: str = ""
    accession_number: str = ""
    study_date: str = ""
    study_description: str = ""
    series_description: str = ""
    series_number: str = ""
    manufacturer: str = ""
    model: str = ""
    tracer: str = ""


class PartState(StrEnum):
    """A part is open while its association may add to it, then sealed and stored."""

    OPEN = "open"
    SEALED = "sealed"


class Part(BaseModel):
    """The instances of one association and series: one spool file, then one blob.

    Parameters
    ----------
    blob
        ZIP (stored) of Part-10 files; None while the part is open.
    index
        JSON lines, one `petfectior.pet.instance.InstanceFacts` each, in order of arrival.
    """

    id: str
    replica: str
    state: PartState = PartState.OPEN
    count: int = 0
    first_at: float
    last_at: float
    heartbeat: float
    blob: Blob | None = None
    index: Blob | None = None


class Package(BaseModel):
    """What leaves: made once per task and never again after an upload began.

    Parameters
    ----------
    blob
        The voxel block as it is sent.
    manifest
        All that any model may ask for; `petfectior.receipts` knows what of it left.
    order
        JSON lines that map slice k of the block to its source instance (part, offset, size).
    """

    blob: Blob
    manifest: dict[str, JsonValue]
    manifest_sha256: str
    order: Blob
    encoding: Literal["blosc2", "none"]
    dtype: str
    shape: tuple[int, ...]
    units: str


class Job(BaseModel):
    """One attempt at the server. Its id is random and committed before the server hears of it."""

    id: str
    nonce: str
    created_at: float
    state: str = "created"
    progress: float = 0.0
    message: str = ""
    confirmed_offset: int = 0
    waiting_since: float | None = None
    result: dict[str, JsonValue] | None = None
    erased_at: float | None = None


class Receipt(BaseModel):
    """One body that left for the server, for the privacy receipt.

    Parameters
    ----------
    body
        The JSON that was sent, or None for the voxel block. It names the package's manifest by its digest;
        `petfectior.receipts.whole` puts it back.
    server
        Scheme, host and port.
    certificate
        SHA-256 of the server's TLS certificate, hexadecimal; empty without TLS.
    """

    at: float
    call: str
    sha256: str
    size: int
    body: JsonValue = None
    server: str = ""
    certificate: str = ""


class Output(BaseModel):
    """One derived series (or the source's own instances, for a forward): what a delivery sends."""

    id: str
    series_uid: str
    description: str = ""
    blobs: list[Blob] = Field(default_factory=list)
    count: int = 0
    report: dict[str, JsonValue] = Field(default_factory=dict)


class Destination(BaseModel):
    """A device as it was when the delivery was made."""

    model_config = ConfigDict(frozen=True)

    name: str
    ae_title: str
    address: str
    port: int
    tls: bool = False


class Delivery(BaseModel):
    """All outputs of the task to one destination.

    Parameters
    ----------
    accepted
        Hexadecimal bitmap per output id of the instances that the peer accepted.
    after
        Id of a running delivery to the same destination that is waited for.
    """

    id: str
    destination: Destination
    work: Work = Field(default_factory=Work)
    outcome: Outcome | None = None
    created_at: float
    finished_at: float | None = None
    total: int = 0
    accepted_count: int = 0
    accepted: dict[str, str] = Field(default_factory=dict)
    warnings: int = 0
    last_status: str = ""
    after: str | None = None


class HistoryEntry(BaseModel):
    """One transition. Equal attempts fold into one entry."""

    id: str
    at: float
    last_at: float
    count: int = 1
    who: str
    stage: Stage
    status: Status
    reason: Reason


class Note(BaseModel):
    """Something a person should know that stopped nothing."""

    model_config = ConfigDict(frozen=True)

    at: float
    reason: Reason


class Task(BaseModel):
    """One series from one sender.

    Parameters
    ----------
    series_key
        SHA-256 over sender and SeriesInstanceUID: finds all tasks of one series; never leaves.
    open_key
        `series_key` while instances still join this task, else None; unique among tasks.
    continues
        Task of the same series that was past receive when this one began.
    frozen_at
        The moment that ContentDate/Time and InstanceCreationDate/Time of the derived series state.
    """

    id: str = Field(default_factory=lambda: uuid4().hex)
    schema_version: int = SCHEMA_VERSION
    revision: int = 0
    correlation_id: str = Field(default_factory=lambda: uuid4().hex)
    kind: Kind = Kind.PROCESS
    created_at: float
    updated_at: float
    frozen_at: float

    stage: Stage = Stage.RECEIVE
    work: Work = Field(default_factory=Work)
    outcome: Outcome | None = None
    history: list[HistoryEntry] = Field(default_factory=list)
    notes: list[Note] = Field(default_factory=list)

    source: Source
    series: Series = Field(default_factory=Series)
    series_key: str
    open_key: str | None = None
    continues: str | None = None
    expected: int | None = None
    received: int = 0
    process_as_is: bool = False
    parts: list[Part] = Field(default_factory=list)

    destinations: list[Destination] = Field(default_factory=list)
    package: Package | None = None
    jobs: list[Job] = Field(default_factory=list)
    receipts: list[Receipt] = Field(default_factory=list)
    result: list[Blob] = Field(default_factory=list)
    quarantine: list[Blob] = Field(default_factory=list)
    outputs: list[Output] = Field(default_factory=list)
    deliveries: list[Delivery] = Field(default_factory=list)

    @property
    def job(self) -> Job | None:
        """The current attempt at the server."""
        return self.jobs[-1] if self.jobs else None

    @property
    def status(self) -> Status:
        """Status of the current stage."""
        return self.work.status

    @computed_field
    def job_ids(self) -> list[str]:
        """Indexed, so that news of a job finds its task."""
        return [job.id for job in self.jobs]

    @computed_field
    def derived_series_uids(self) -> list[str]:
        """Indexed, so that our own series are recognised when they come back."""
        return [output.series_uid for output in self.outputs]

    @computed_field
    def sweep_at(self) -> float | None:
        """When someone should look at this task even if no message comes; None if it is settled.

        Receive has no message, so its `due` is the end of the quiet time itself.
        """
        if self.stage is Stage.RECEIVE:
            return self.work.due if self.work.status is Status.WAITING else None
        works = [self.work, *(delivery.work for delivery in self.deliveries)]
        if self.stage is Stage.DELIVER:
            works = works[1:]
        times = [work.sweep_at for work in works if work.sweep_at is not None]
        return min(times, default=None)

    def blobs(self) -> list[Blob]:
        """Return every blob this task names; all others under its keys may be swept."""
        named = [blob for part in self.parts for blob in (part.blob, part.index) if blob]
        if self.package:
            named += [self.package.blob, self.package.order]
        named += self.result + self.quarantine
        return named + [blob for output in self.outputs for blob in output.blobs]

    def delivery(self, delivery_id: str) -> Delivery:
        """Return one delivery. Raises KeyError."""
        for delivery in self.deliveries:
            if delivery.id == delivery_id:
                return delivery
        raise KeyError(delivery_id)

"""Prometheus metrics. Labels are stages, outcomes, queues and device names: never an identifier."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from petfectior.topology import QUEUES, stages_of
from petfectior.work import Outcome, Stage

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900, 3600)

Metric = Counter | Gauge

HANDLED = Counter("petfectior_events_handled_total", "Events handled", ["queue", "event", "outcome"])
HANDLING_SECONDS = Histogram(
    "petfectior_handling_seconds", "Time in a handler", ["stage", "outcome"], buckets=_SECONDS
)
STAGE_SECONDS = Histogram(
    "petfectior_stage_seconds", "Time from entering a stage to leaving it", ["stage"], buckets=_SECONDS
)
TASKS_ENDED = Counter("petfectior_tasks_ended_total", "Tasks that ended", ["stage", "outcome"])
LEASES_LOST = Counter("petfectior_leases_lost_total", "Claims that another worker took over", ["stage"])
SWEPT = Counter("petfectior_swept_total", "Events published again by the sweeper", ["stage"])

QUEUE = Gauge("petfectior_queue_events", "Events in a queue", ["queue", "state"])
QUEUE_OLDEST = Gauge("petfectior_queue_oldest_seconds", "Age of the oldest ready event", ["queue"])
TASKS = Gauge("petfectior_tasks", "Tasks by stage and status", ["stage", "status"])
OLDEST_TASK = Gauge("petfectior_oldest_open_task_seconds", "Age of the oldest task that has not ended")
CONSUMER_ALIVE = Gauge("petfectior_consumer_alive", "1 while the queue hands out events", ["queue"])

ASSOCIATIONS = Counter("petfectior_associations_total", "DICOM associations", ["direction", "result"])
ASSOCIATIONS_OPEN = Gauge("petfectior_associations_open", "DICOM associations open now", ["direction"])
ASSOCIATIONS_WAITING = Gauge(
    "petfectior_associations_waiting", "Connections that have not yet asked for an association"
)
INSTANCES_RECEIVED = Counter("petfectior_instances_received_total", "C-STORE requests answered", ["result"])
RECEIVED_BYTES = Counter("petfectior_received_bytes_total", "Dataset bytes stored in the spool")
SPOOL_BYTES = Gauge("petfectior_spool_bytes", "Bytes of parts not yet in the blob store")
SPOOL_PARTS = Gauge("petfectior_spool_parts", "Parts not yet in the blob store")
PARTS_ORPHANED = Counter(
    "petfectior_parts_orphaned_total", "Times that open parts were found whose replica is gone"
)
DISK_FREE_BYTES = Gauge("petfectior_disk_free_bytes", "Free bytes where data lies", ["place"])

SERVER_UP = Gauge("petfectior_server_up", "1 while the processing server answers its health call")
SERVER_LATENCY = Gauge("petfectior_server_latency_seconds", "Latency of the last health call")
CALL_OUTCOMES = ("answered", "refused", "unavailable")
SERVER_CALLS = Counter("petfectior_server_calls_total", "Calls to the processing API", ["call", "outcome"])
TRANSFERRED_BYTES = Counter(
    "petfectior_transferred_bytes_total", "Bytes to and from the server", ["direction"]
)
JOBS_OWED = Gauge("petfectior_jobs_owed_erasure", "Jobs whose erasure the server has not confirmed")

DELIVERIES = Counter("petfectior_deliveries_total", "Deliveries that ended", ["destination", "outcome"])
INSTANCES_SENT = Counter("petfectior_instances_sent_total", "C-STORE responses", ["destination", "result"])
DELIVERY_SECONDS = Histogram(
    "petfectior_delivery_seconds", "Time of one delivery attempt", ["destination"], buckets=_SECONDS
)


def initialise(service: str) -> None:
    """Give every series of a service its zero, so that dashboards and alerts find it before its first event.

    The series of a destination begin with the first delivery to it.
    """
    if service in QUEUES:
        _initialise_queue(service)
    if service == "scp":
        _initialise_associations("in", "accepted", "rejected", "turned-away")
        for status in ("0000", "A700", "A900", "C000"):
            INSTANCES_RECEIVED.labels(status)
    if service == "scu":
        _initialise_associations("out", "accepted", "failed")
    if service == "transfer":
        for direction in ("up", "down"):
            TRANSFERRED_BYTES.labels(direction)
        for outcome in CALL_OUTCOMES:
            SERVER_CALLS.labels("GET health", outcome)


def _initialise_queue(queue: str) -> None:
    for stage in stages_of(queue):
        STAGE_SECONDS.labels(stage)
        LEASES_LOST.labels(stage)
        SWEPT.labels(stage)
        for outcome in ("advance", "again", "finish", "waits", "busy", "dead", "rejected", "failed"):
            HANDLING_SECONDS.labels(stage, outcome)
        for ended in Outcome:
            TASKS_ENDED.labels(stage, ended)
    if Stage.DELIVER in stages_of(queue):
        TASKS_ENDED.labels(Stage.DELIVER, "done")


def _initialise_associations(direction: str, *results: str) -> None:
    ASSOCIATIONS_OPEN.labels(direction)
    for result in results:
        ASSOCIATIONS.labels(direction, result)


def initialise_destination(name: str) -> None:
    """Give the series of one destination, by the name that people gave it, their zero."""
    for outcome in ("done", "waiting", "failed"):
        DELIVERIES.labels(name, outcome)
    INSTANCES_SENT.labels(name, "0000")

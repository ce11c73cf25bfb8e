"""The messages that services exchange: frozen, versioned, `noun.verb` keys, ids only.

A message is a claim check. It never carries pixels, names or DICOM UIDs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field


class EventKey(StrEnum):
    """What happened; the routing key on the broker."""

    SERIES_RECEIVED = "series.received"
    PACKAGE_CREATED = "package.created"
    JOB_SUBMITTED = "job.submitted"
    RESULT_AVAILABLE = "result.available"
    RESULT_DOWNLOADED = "result.downloaded"
    DELIVERY_REQUESTED = "delivery.requested"


class Event(BaseModel):
    """One message.

    Parameters
    ----------
    key
        What happened.
    task_id
        The task it happened to: random, no identifier.
    delivery_id
        The delivery that is asked for; only with ``delivery.requested``.
    correlation_id
        Joins the log lines of all services from the association to the delivery.
    id
        Random id of this very message.
    version
        Version of this contract; a consumer dead-letters what it does not know.
    """

    model_config = ConfigDict(frozen=True)

    key: EventKey
    task_id: str
    delivery_id: str | None = None
    correlation_id: str = ""
    id: str = Field(default_factory=lambda: uuid4().hex)
    version: Literal[1] = 1

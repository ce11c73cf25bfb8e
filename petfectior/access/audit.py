"""The audit trail: who did or saw what, in the terms of the DICOM audit message (PS3.15 A.5).

Lines are appended to the Journal and never changed. They hold who, when, from where, what kind of act, of
which object and with what outcome; an object is named by the gateway's own id, never by a patient's.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import Enum
from typing import Final
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, JsonValue

from petfectior.journal import Journal, Kind, Line, identity

SYSTEM: Final = "DCM"


class Act(Enum):
    """Kinds of act: code, meaning, and what is more precise of it (PS3.16 CID 400 and 401)."""

    USED_LOG = ("110101", "Audit Log Used", None)
    ACCESSED = ("110103", "DICOM Instances Accessed", None)
    DELETED = ("110105", "DICOM Study Deleted", None)
    EXPORTED = ("110106", "Export", None)
    IMPORTED = ("110107", "Import", None)
    QUERIED = ("110112", "Query", None)
    CHANGED_NETWORK = ("110113", "Security Alert", ("110128", "Network Configuration"))
    CHANGED_SETTINGS = ("110113", "Security Alert", ("110131", "Software Configuration"))
    CHANGED_USERS = ("110113", "Security Alert", ("110137", "User security Attributes Changed"))
    SIGNED_IN = ("110114", "User Authentication", ("110122", "Login"))
    SIGNED_OUT = ("110114", "User Authentication", ("110123", "Logout"))
    OTHER = ("110100", "Application Activity", None)


class Deed(BaseModel):
    """One act of one person.

    Parameters
    ----------
    action
        C, R, U, D or E (PS3.15 A.5.2.1): create, read, update, delete, execute.
    outcome
        0 success, 4 minor failure (refused), 8 serious failure (the gateway's own).
    target
        Id of the task, or name of what was changed; empty if there is none.
    how
        The request's method and route, without its values.
    """

    model_config = ConfigDict(frozen=True)

    act: Act
    action: str
    outcome: int
    who: str
    role: str
    address: str
    target: str
    how: str


def record(journal: Journal, source: str, deed: Deed, task: str | None = None) -> None:
    """Append an act to the trail. Raises `Transient`."""
    now = time.time()
    line = Line(
        id=identity(now),
        kind=Kind.AUDIT,
        at=now,
        service="api",
        level="success" if deed.outcome == 0 else "failure",
        task=task,
        fields=message(deed, source, now),
    )
    journal.append([line])


def message(deed: Deed, source: str, at: float) -> dict[str, JsonValue]:
    """Return the DICOM audit message of an act as JSON, with the names of the standard's schema."""
    code, meaning, kind = deed.act.value
    event: dict[str, JsonValue] = {
        "EventActionCode": deed.action,
        "EventDateTime": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "EventOutcomeIndicator": str(deed.outcome),
        "EventID": _coded(code, meaning),
    }
    if kind is not None:
        event["EventTypeCode"] = _coded(*kind)
    participant: dict[str, JsonValue] = {
        "UserID": deed.who,
        "UserIsRequestor": "true",
        "NetworkAccessPointID": deed.address,
        "NetworkAccessPointTypeCode": "2",
        "RoleIDCode": {"csd-code": deed.role, "codeSystemName": "PETfectior", "originalText": deed.role},
    }
    thing: dict[str, JsonValue] = {
        "ParticipantObjectTypeCode": "2",
        "ParticipantObjectIDTypeCode": {
            "csd-code": "12",
            "codeSystemName": "RFC-3881",
            "originalText": "URI",
        },
        "ParticipantObjectID": deed.target or deed.how,
        "ParticipantObjectName": deed.how,
    }
    return {
        "EventIdentification": event,
        "ActiveParticipant": participant,
        "AuditSourceIdentification": {"AuditSourceID": source},
        "ParticipantObjectIdentification": thing,
    }


def xml(lines: list[Line]) -> bytes:
    """Return acts as the XML of PS3.15 A.5, in one document."""
    root = ET.Element("AuditMessages")
    for line in lines:
        _element(root, "AuditMessage", line.fields)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _coded(code: str, meaning: str) -> JsonValue:
    return {"csd-code": code, "codeSystemName": SYSTEM, "originalText": meaning}


_ELEMENTS: Final = frozenset({"ParticipantObjectName"})


def _element(parent: ET.Element, name: str, value: dict[str, JsonValue]) -> None:
    made = ET.SubElement(parent, name)
    for key, inner in value.items():
        if isinstance(inner, dict):
            _element(made, key, inner)
        elif key in _ELEMENTS:
            ET.SubElement(made, key).text = str(inner)
        else:
            made.set(key, str(inner))

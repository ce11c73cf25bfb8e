"""The association log: who associated with this node, what came of it, and why anybody was refused.

It holds AE titles and addresses, which no other log does. It is kept in the Registry, the newest entries
only; equal refusals of one hour are one entry with a count.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from petfectior.errors import Conflict, NotFound
from petfectior.ports import Registry

KIND: Final = "association"
KEPT: Final = 2000
_FOLD_SECONDS: Final = 3600
_TRIES: Final = 5


class Result(StrEnum):
    """How an association ended."""

    RELEASED = "released"
    ABORTED = "aborted"
    LOST = "lost"
    REJECTED = "rejected"
    TURNED_AWAY = "turned-away"


class Association(BaseModel):
    """One association, or several equal refusals.

    Parameters
    ----------
    began, ended
        Seconds since the Unix epoch.
    secure
        True if it was DICOM TLS.
    contexts
        Accepted presentation contexts: SOP class and transfer syntax.
    contexts_refused
        How many were not accepted.
    instances, instances_refused, bytes
        C-STORE requests answered with success and otherwise; bytes of command sets and datasets.
    reason
        Code of the sentence that says why it ended, or was refused; None if it was released.
    count
        How many of this kind the entry stands for.
    """

    model_config = ConfigDict(frozen=True)

    began: float
    ended: float
    address: str
    calling_ae_title: str = ""
    called_ae_title: str = ""
    secure: bool = False
    result: Result
    reason: str | None = None
    contexts: tuple[tuple[str, str], ...] = ()
    contexts_refused: int = 0
    instances: int = 0
    instances_refused: int = 0
    bytes: int = 0
    count: int = Field(default=1, ge=1)

    @property
    def is_refusal(self) -> bool:
        """Tell whether no association came about."""
        return self.result in {Result.REJECTED, Result.TURNED_AWAY}

    @property
    def fold(self) -> str:
        """Equal for refusals that are one entry; unique for anything else."""
        who = (
            self.address,
            self.calling_ae_title,
            self.called_ae_title,
            self.result,
            self.reason,
            self.secure,
        )
        when: float = self.began // _FOLD_SECONDS if self.is_refusal else self.began
        what = (*who, when, "" if self.is_refusal else self.ended)
        return hashlib.sha256(repr(what).encode()).hexdigest()[:16]

    def folded(self, later: Association) -> Association:
        """Return one entry for this and a later equal one."""
        return self.model_copy(update={"ended": later.ended, "count": self.count + later.count})


def add(registry: Registry, entry: Association) -> None:
    """Keep an entry; a refusal joins the equal ones of its hour.

    Raises
    ------
    Conflict
        If others write the same entry all the time.
    """
    # The key sorts by time; that of a refusal is the hour's, so that replicas meet.
    at = entry.began // _FOLD_SECONDS * _FOLD_SECONDS if entry.is_refusal else entry.began
    key = f"{int(at * 1000):015d}-{entry.fold}"
    for _ in range(_TRIES):
        try:
            stored = registry.get(KIND, key)
        except NotFound:
            value, revision = entry, 0
        else:
            value = Association.model_validate(stored.value).folded(entry) if entry.is_refusal else entry
            revision = stored.revision
        try:
            registry.put(KIND, key, value.model_dump(mode="json"), revision=revision)
        except Conflict:
            continue
        return
    raise Conflict("association-log-contended")


def newest(registry: Registry, limit: int = 100) -> list[Association]:
    """Return the newest entries, the newest first."""
    records = registry.list(KIND)[-limit:]
    return [Association.model_validate(record.value) for record in reversed(records)]


def trim(registry: Registry, kept: int = KEPT) -> int:
    """Remove all but the newest entries; return how many went."""
    surplus = registry.list(KIND)[:-kept]
    for record in surplus:
        registry.delete(KIND, record.key)
    return len(surplus)

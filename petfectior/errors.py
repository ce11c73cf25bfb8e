"""The error tree.

::

    PetfectiorError
    ├── Transient      try again later, nothing is wrong with the series
    │   └── Busy       another worker has it, or no slot is free: wait, not an attempt
    ├── Permanent      a person has to look: a bug, a broken blob, a failed job
    ├── Rejected       this series cannot be processed; says the rule, the value and the remedy
    ├── Conflict       a compare-and-set met another revision
    ├── NotFound       no such task, blob or record
    └── Quarantined    a result that must not be believed
"""

from __future__ import annotations

from petfectior.reasons import Reason


class PetfectiorError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    reason
        Stable code with its parameters. It never holds an identifier, so it may be logged;
        ``petfectior.reasons.sentence`` turns it into text for a person.
    """

    def __init__(self, reason: Reason | str, **params: str | float) -> None:
        self.reason = Reason(code=reason, params=params) if isinstance(reason, str) else reason
        super().__init__(str(self.reason))


class Transient(PetfectiorError):
    """Try again later; counts as an attempt unless it is a `Busy`.

    Parameters
    ----------
    retry_after
        Seconds that the peer asked us to wait, or None for the stage's own back-off.
    """

    def __init__(
        self, reason: Reason | str, *, retry_after: float | None = None, **params: str | float
    ) -> None:
        super().__init__(reason, **params)
        self.retry_after = retry_after


class Busy(Transient):
    """Someone else holds what is needed; wait without counting an attempt."""


class Permanent(PetfectiorError):
    """Trying again cannot help; the task is parked for a person."""


class Quarantined(Permanent):
    """A result failed a check; it is kept, visible, and never delivered."""


class Rejected(PetfectiorError):
    """The series cannot be processed as it is; no retry until something is mended."""


class Conflict(PetfectiorError):
    """A compare-and-set met another revision, or a unique key is taken."""


class NotFound(PetfectiorError):
    """No such task, blob or record."""

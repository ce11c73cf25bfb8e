"""What a destination has accepted so far: the part of a delivery that outlives its worker."""

from __future__ import annotations

import contextlib
import time
from typing import Final

from petfectior.errors import Transient
from petfectior.handling import Claim
from petfectior.task import Delivery, Task

SAVE_SECONDS: Final = 2.0


class Progress:
    """Accepted instances of one delivery, saved every two seconds.

    An instance is known by its output and its place therein, which a repeated rebuild does not change.
    """

    def __init__(self, claim: Claim, delivery: Delivery) -> None:
        self._claim = claim
        self._delivery_id = delivery.id
        self._accepted = {output: int(bitmap, 16) for output, bitmap in delivery.accepted.items()}
        self._saved_at = time.monotonic()
        self._changed = False
        self.count = sum(bitmap.bit_count() for bitmap in self._accepted.values())
        self.warnings = delivery.warnings
        self.total = delivery.total
        self.last_status = delivery.last_status

    def has(self, output_id: str, index: int) -> bool:
        """Tell whether the peer has accepted an instance."""
        return bool(self._accepted.get(output_id, 0) >> index & 1)

    def note(self, status: int) -> None:
        """Remember the last status, for people."""
        self.last_status = f"{status:04X}"
        self._changed = True

    def accept(self, output_id: str, index: int, *, warning: bool) -> None:
        """Note an instance as accepted."""
        self._accepted[output_id] = self._accepted.get(output_id, 0) | 1 << index
        self.count += 1
        self.warnings += warning

    def apply(self, task: Task) -> None:
        """Write the progress on the task."""
        delivery = task.delivery(self._delivery_id)
        delivery.accepted = {output: f"{bitmap:x}" for output, bitmap in self._accepted.items()}
        delivery.accepted_count = self.count
        delivery.warnings = self.warnings
        delivery.total = self.total
        delivery.last_status = self.last_status

    def save_sometimes(self) -> None:
        """Commit if the last time is two seconds past. A store that is away is tried again later."""
        if time.monotonic() - self._saved_at < SAVE_SECONDS:
            return
        self._saved_at = time.monotonic()
        with contextlib.suppress(Transient):
            self._claim.save(self.apply)

    def save(self) -> None:
        """Commit now, if there is anything to. Raises `LeaseLost`."""
        if self._changed:
            self._claim.save(self.apply)

"""Sends the outputs of a task to one destination, and what it has not accepted again."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from typing import Final

import structlog

from petfectior import metrics
from petfectior.dicom import secure
from petfectior.dicom.store_scu import (
    AssociationAborted,
    AssociationRejected,
    NoConnection,
    PeerSilent,
    ResponseMissing,
    associate,
)
from petfectior.errors import Busy, Permanent, PetfectiorError, Rejected, Transient
from petfectior.handling import Again, Claim, Finish
from petfectior.ports import BlobStore, Registry
from petfectior.settings import Settings
from petfectior.task import Delivery
from services.scu.measured import measured
from services.scu.outgoing import Outgoing, outgoing
from services.scu.progress import Progress
from services.scu.slots import Slot, down_for, mark_down, mark_up, slot

LONGEST_RETRY: Final = 3600.0
ANSWER_SECONDS: Final = 60.0
SUCCESS: Final = 0x0000
DUPLICATE: Final = 0x0111
WARNINGS: Final = 0xB
OUT_OF_RESOURCES: Final = 0xA7
BY_PERSON: Final = frozenset({"resent-by-person", "retried-by-person"})

log = structlog.get_logger()


def deliver(claim: Claim, *, blobs: BlobStore, registry: Registry, settings: Settings) -> Finish | Again:
    """Send what the destination has not accepted yet (PS3.4 B.2.3).

    0000 and Bxxx are accepted, and 0111, by which a peer says that it has the instance. A7xx, an abort, a
    missing answer and a missing association are tried again; any other status parks the delivery.

    Raises
    ------
    Transient
        With the seconds until the next attempt: `Settings.delivery_first_retry`, doubling to one hour.
    Busy
        If as many deliveries as allowed run to the destination, or it was found down a moment ago.
    Permanent
        If it has failed for `Settings.delivery_hours`.
    Rejected
        If the peer refused an instance, the AE title or every presentation context.
    """
    delivery = claim.task.delivery(claim.delivery_id or "")
    progress = Progress(claim, delivery)
    try:
        _respect_outage(claim, delivery, registry)
        with slot(registry, delivery.destination, settings.deliveries_per_destination, claim.token) as held:
            answer = _Turn(claim, progress, held).send(blobs, delivery, settings)
    except (Transient, Rejected) as failure:
        raise _settled(failure, claim, delivery, progress, registry=registry, settings=settings) from failure
    mark_up(registry, delivery.destination)
    log.info("delivery.turn-ended", accepted=progress.count, total=progress.total)
    return answer


class _Turn:
    """One association: what is sent, and why it ends before its time."""

    def __init__(self, claim: Claim, progress: Progress, held: Slot) -> None:
        self._claim = claim
        self._progress = progress
        self._slot = held
        self._destination = claim.task.delivery(claim.delivery_id or "").destination.name
        self._failure: Transient | Rejected | None = None

    def send(self, blobs: BlobStore, delivery: Delivery, settings: Settings) -> Finish | Again:
        progress = self._progress
        with outgoing(blobs, self._claim.task.outputs) as every:
            progress.total = len(every)
            rest = [one for one in every if not progress.has(one.output_id, one.index)]
            if rest:
                offers = {(one.sop_class_uid, one.transfer_syntax_uid) for one in rest}
                peer = delivery.destination
                context = _secured(settings) if peer.tls else None
                with (
                    measured(peer.name) as established,
                    associate(
                        peer, settings.ae_title, offers, answer_seconds=ANSWER_SECONDS, secure=context
                    ) as association,
                ):
                    established()
                    association.send(self._while_wanted(rest), self._settle)
        if self._failure is not None:
            raise self._failure
        return Finish(progress.apply) if progress.count >= progress.total else Again(change=progress.apply)

    def _while_wanted(self, rest: list[Outgoing]) -> Iterator[Outgoing]:
        """Yield until the peer refuses, the claim is lost or the turn is over."""
        for one in rest:
            self._claim.check()
            if self._failure is not None or self._claim.turn_is_over:
                return
            yield one

    def _settle(self, instance: Outgoing, status: int | None) -> None:
        if status is None:
            return
        self._progress.note(status)
        metrics.INSTANCES_SENT.labels(self._destination, f"{status:04X}").inc()
        if status in {SUCCESS, DUPLICATE} or status >> 12 == WARNINGS:
            self._progress.accept(instance.output_id, instance.index, warning=status != SUCCESS)
        else:
            self._failure = self._refusal(status)
        self._progress.save_sometimes()
        self._slot.renew()

    def _refusal(self, status: int) -> Transient | Rejected:
        code = f"{status:04X}"
        if status >> 8 == OUT_OF_RESOURCES:
            return Transient("destination-out-of-resources", dimse_status=code)
        return Rejected(
            "instance-refused",
            dimse_status=code,
            accepted=self._progress.count,
            total=self._progress.total,
        )


def _secured(settings: Settings) -> ssl.SSLContext:
    return secure.requestor(settings.dicom_tls_certificate, settings.dicom_tls_trust)


def _respect_outage(claim: Claim, delivery: Delivery, registry: Registry) -> None:
    """Leave a destination alone that was found down, unless a person has just asked for it."""
    history = claim.task.history
    asked = bool(history) and history[-1].reason.code in BY_PERSON and delivery.work.attempts == 1
    wait = down_for(registry, delivery.destination)
    if wait and not asked:
        raise Busy("destination-marked-down", retry_after=wait)


def _settled(
    failure: Transient | Rejected,
    claim: Claim,
    delivery: Delivery,
    progress: Progress,
    *,
    registry: Registry,
    settings: Settings,
) -> PetfectiorError:
    """Save what was accepted, and return what the failure means for the delivery."""
    progress.save()
    if isinstance(failure, Rejected):
        return failure
    now = time.time()
    if now - delivery.created_at >= settings.delivery_hours * 3600:
        return Permanent(
            "delivery-time-used-up",
            hours=settings.delivery_hours,
            accepted=progress.count,
            total=progress.total,
        )
    if isinstance(failure, Busy) or not _of_the_peer(failure):
        return failure
    attempts = claim.task.delivery(delivery.id).work.attempts
    delay = min(settings.delivery_first_retry * 2.0 ** (attempts - 1), LONGEST_RETRY)
    if isinstance(failure, NoConnection | PeerSilent):
        mark_down(registry, delivery.destination, now + delay)
    log.info("delivery.failed", code=failure.reason.code, accepted=progress.count, delay=delay)
    return Transient(failure.reason, retry_after=delay)


def _of_the_peer(failure: Transient) -> bool:
    """Tell the destination's failures from those of our own stores, which have their own back-off."""
    kinds = (NoConnection, PeerSilent, AssociationRejected, AssociationAborted, ResponseMissing)
    return isinstance(failure, kinds) or failure.reason.code == "destination-out-of-resources"

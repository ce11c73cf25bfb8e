"""Storage SCU: sends encoded instances to a peer, one association at a time (PS3.4 B.2).

::

    with associate(destination, "PETFECTIOR", {(sop_class_uid, transfer_syntax_uid)}) as association:
        association.send(instances, on_result)
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from pynetdicom.presentation import PresentationContext

from petfectior.dicom import implicit_vr
from petfectior.dicom.explicit_vr import Converter
from petfectior.dicom.negotiation import (
    AETitleRefused,
    AssociationRejected,
    ContextsRefused,
    NoConnection,
    PeerSilent,
    negotiate,
    taken_over,
)
from petfectior.dicom.p_data import AssociationAborted, Exchange, ResponseMissing
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Permanent
from petfectior.task import Destination

__all__ = [
    "AETitleRefused",
    "Association",
    "AssociationAborted",
    "AssociationRejected",
    "ContextsRefused",
    "NoConnection",
    "OnResult",
    "OutgoingInstance",
    "PeerSilent",
    "ResponseMissing",
    "associate",
]

SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 60.0
MOST_CONTEXTS: Final = 128
_UNCOMPRESSED: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


@dataclass(frozen=True)
class OutgoingInstance:
    """One instance to send.

    Parameters
    ----------
    read
        Returns the dataset as it is encoded in `transfer_syntax_uid`, without file meta.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    read: Callable[[], bytes]


Outgoing = TypeVar("Outgoing", bound=OutgoingInstance)
OnResult = Callable[[Outgoing, int | None], None]
"""Told of each instance and its status (PS3.4 B.2.3); None is unknown: neither stored nor failed."""


class Association:
    """An association over which instances are sent; made by `associate`."""

    def __init__(self, exchange: Exchange, contexts: Iterable[PresentationContext]) -> None:
        self._exchange = exchange
        self._converter = Converter()
        self._accepted = {
            (str(one.abstract_syntax), str(one.transfer_syntax[0])): int(one.context_id or 0)
            for one in contexts
        }

    def send(self, instances: Iterable[Outgoing], on_result: OnResult[Outgoing]) -> None:
        """Send one instance after the other and tell each status.

        An instance for which the peer accepted no presentation context has the status 0x0122 without
        being sent.

        Raises
        ------
        AssociationAborted, ResponseMissing
            After `on_result` was told None for the instance that was under way.
        """
        for instance in instances:
            on_result(instance, self._send(instance, on_result))

    def _send(self, instance: Outgoing, on_result: OnResult[Outgoing]) -> int:
        syntax = self._syntax_for(instance)
        if syntax is None:
            return SOP_CLASS_NOT_SUPPORTED
        dataset = self._encoded(instance, syntax)
        context_id = self._accepted[instance.sop_class_uid, syntax]
        try:
            return self._exchange.store(
                context_id, instance.sop_class_uid, instance.sop_instance_uid, dataset
            )
        except (AssociationAborted, ResponseMissing):
            on_result(instance, None)
            raise

    def _encoded(self, instance: OutgoingInstance, syntax: str) -> bytes:
        dataset = instance.read()
        if instance.transfer_syntax_uid == syntax:
            return dataset
        if syntax == IMPLICIT_VR_LITTLE_ENDIAN:
            return implicit_vr.from_explicit(dataset)
        return self._converter.convert(dataset, instance.transfer_syntax_uid)

    def _syntax_for(self, instance: OutgoingInstance) -> str | None:
        own = instance.transfer_syntax_uid
        choices = (own, *_UNCOMPRESSED) if own in _UNCOMPRESSED else (own,)
        return next((one for one in choices if (instance.sop_class_uid, one) in self._accepted), None)


@contextlib.contextmanager
def associate(
    destination: Destination,
    calling_ae_title: str,
    offers: Collection[tuple[str, str]],
    *,
    connect_seconds: float = CONNECT_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
    secure: ssl.SSLContext | None = None,
) -> Iterator[Association]:
    """Open an association; release it at the end, abort it after an error.

    Parameters
    ----------
    offers
        Pairs of SOP class and transfer syntax of what will be sent. For uncompressed little endian both
        Explicit and Implicit VR are offered, each in a context of its own, so that the peer says which
        of them it takes.
    connect_seconds, answer_seconds
        Longest wait for the connection, and for each response.
    secure
        What a DICOM TLS association is made with (`petfectior.dicom.secure`); None for a plain one.

    Raises
    ------
    NoConnection, PeerSilent, AssociationRejected, AssociationAborted
        Try again later.
    AETitleRefused, ContextsRefused
        Trying again cannot help.
    Permanent
        If there are more than 128 pairs to offer (PS3.8 9.3.2.2).
    """
    negotiated = negotiate(destination, calling_ae_title, _contexts(offers), connect_seconds, secure)
    with taken_over(negotiated, answer_seconds) as connection:
        exchange = Exchange(connection, int(negotiated.acceptor.maximum_length or 0))
        try:
            yield Association(exchange, negotiated.accepted_contexts)
        except BaseException:  # whatever ends the block, the peer must not wait
            exchange.abort()
            raise
        exchange.release()


def _contexts(offers: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    wanted: dict[tuple[str, str], None] = {}
    for sop_class_uid, syntax in sorted(offers):
        for one in _UNCOMPRESSED if syntax in _UNCOMPRESSED else (syntax,):
            wanted[sop_class_uid, one] = None
    if len(wanted) > MOST_CONTEXTS:
        raise Permanent("too-many-contexts", total=len(wanted))
    return list(wanted)

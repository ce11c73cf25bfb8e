"""The messages of one association, from acceptance to its end: our own P-DATA loop.

C-STORE-RQ is read, stored and answered here, by one thread that waits in the kernel; every other message
goes to pynetdicom. No dataset is decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from petfectior.dicom import command_set, p_data
from petfectior.dicom.command_set import StoreRequest
from services.scp import pdu
from services.scp.acceptor import Acceptor
from services.scp.connection import Connection
from services.scp.incoming import Incoming
from services.scp.pdu import Fragment, PresentationData, ProtocolError

LONGEST_COMMAND_SET: Final = 16 << 10
MOST_FRAGMENTS: Final = 256
LONGEST_OTHER_DATASET: Final = 64 << 10
"""Bytes of the dataset of a message that is no C-STORE-RQ."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A C-STORE-RQ whose dataset has arrived.

    Parameters
    ----------
    abstract_syntax, transfer_syntax
        Of its presentation context.
    """

    request: StoreRequest
    abstract_syntax: str
    transfer_syntax: str
    dataset: Incoming


@dataclass
class Counts:
    """What an association brought."""

    instances: int = 0
    refused: int = 0
    bytes: int = 0


class Messages:
    """Serves an accepted association.

    Parameters
    ----------
    longest_instance, longest_association
        Bytes.
    has_room
        Tells whether instances are kept at present; asked before each one arrives.
    keep
        Keeps one; returns the status of its response (PS3.4 Table B.2-1).
    """

    def __init__(
        self,
        acceptor: Acceptor,
        connection: Connection,
        data: PresentationData,
        incoming: Incoming,
        *,
        longest_instance: int,
        longest_association: int,
        has_room: Callable[[], bool],
        keep: Callable[[Stored], int],
    ) -> None:
        self._acceptor = acceptor
        self._connection = connection
        self._data = data
        self._incoming = incoming
        self._longest_instance = longest_instance
        self._longest_association = longest_association
        self._has_room = has_room
        self._keep = keep
        self._buffer = bytearray(LONGEST_OTHER_DATASET)
        self._fragment = acceptor.longest_fragment
        self.counts = Counts()

    def serve(self) -> None:
        """Serve one message after the other.

        Raises
        ------
        services.scp.pdu.Released, services.scp.pdu.Aborted, ProtocolError
            When the association is to end.
        services.scp.connection.PeerGone, services.scp.connection.PeerSilent
            When the peer is not there any more.
        """
        while True:
            context_id, command = self._command_set()
            values = _values(command)
            if request := command_set.store_request(values):
                self._store(context_id, request)
            elif not self._other(context_id, command, values):
                raise pdu.Aborted

    def _command_set(self) -> tuple[int, bytes]:
        fragment, command = self._gather(LONGEST_COMMAND_SET, None)
        return fragment.context_id, command

    def _gather(self, longest: int, context_id: int | None) -> tuple[Fragment, bytes]:
        """Receive a command set, or the dataset that follows one under `context_id`."""
        view, filled = memoryview(self._buffer)[:longest], 0
        idle = is_command = context_id is None

        def place(size: int) -> memoryview:
            if filled + size > longest:
                raise ProtocolError("message-too-long")
            return view[filled : filled + size]

        for _ in range(MOST_FRAGMENTS):
            fragment = self._data.next(place, idle=idle)
            idle = False
            context_id = context_id or fragment.context_id
            self._check(fragment, context_id, is_command=is_command)
            filled += fragment.size
            if fragment.is_last:
                return fragment, bytes(view[:filled])
        raise ProtocolError("too-many-fragments")

    def _check(self, fragment: Fragment, context_id: int, *, is_command: bool) -> None:
        self.counts.bytes += fragment.size
        if fragment.is_command is not is_command:
            raise ProtocolError("fragment-unexpected")
        if fragment.context_id != context_id or context_id not in self._acceptor.contexts:
            raise ProtocolError("context-not-accepted")
        if self.counts.bytes > self._longest_association:
            raise ProtocolError("association-too-large")

    def _store(self, context_id: int, request: StoreRequest) -> None:
        context = self._acceptor.contexts[context_id]
        syntax = str(context.transfer_syntax[0])
        incoming = self._incoming
        incoming.begin(request, syntax, self._longest_instance, keep=self._has_room())
        try:
            last = False
            while not last:
                fragment = self._data.next(incoming.place)
                self._check(fragment, context_id, is_command=False)
                incoming.take(fragment.size)
                last = fragment.is_last
            status = self._keep(Stored(request, str(context.abstract_syntax), syntax, incoming))
        finally:
            incoming.end()
        self.counts.instances += not status
        self.counts.refused += bool(status)
        response = command_set.store_response(request, status)
        self._connection.send(b"".join(p_data.pdus(response, context_id, 1, self._fragment)))

    def _other(self, context_id: int, command: bytes, values: dict[int, bytes]) -> bool:
        kind = command_set.number(values, command_set.COMMAND_DATA_SET_TYPE)
        if kind is None or command_set.COMMAND_FIELD not in values:
            raise ProtocolError("dimse-message-malformed")
        dataset = None
        if kind != command_set.NO_DATASET:
            _, dataset = self._gather(LONGEST_OTHER_DATASET, context_id)
        return self._acceptor.serve(context_id, command, dataset)


def _values(command: bytes) -> dict[int, bytes]:
    try:
        return command_set.values(command)
    except ValueError as malformed:
        raise ProtocolError("dimse-message-malformed") from malformed

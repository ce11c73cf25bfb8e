"""C-STORE over a negotiated association's own socket: PDUs written and read by hand.

pynetdicom negotiates; from then on its reactor, with two 1 ms sleeps per instance and a race that can
lose a response, is out of the way (PS3.8 9.3.4-9.3.8, PS3.7 9.3.1).
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from typing import Final

from petfectior.dicom import command_set
from petfectior.errors import Transient

_P_DATA: Final = 0x04
_RELEASE_RQ: Final = struct.pack(">BxI4x", 0x05, 4)
_ABORT: Final = struct.pack(">BxIxxBB", 0x07, 4, 0, 0)
_LONGEST_PDU: Final = 1 << 17
_LONGEST_COMMAND_SET: Final = 1 << 14
_BUFFERS_PER_CALL: Final = 512
_PDV_HEAD: Final = 2
_PRIORITY: Final = 0x0700


class AssociationAborted(Transient):
    """The peer broke off, or spoke something that is not DICOM; what it did not confirm is unknown."""

    def __init__(self) -> None:
        super().__init__("association-aborted")


class ResponseMissing(Transient):
    """The peer did not answer in time; whether it stored the instance is unknown."""

    def __init__(self) -> None:
        super().__init__("response-missing")


class Exchange:
    """One C-STORE at a time over a connected socket that nothing else reads.

    Parameters
    ----------
    connection
        Socket of the negotiated association; its timeout bounds every wait.
    longest_pdu
        Maximum length that the peer receives (PS3.8 D.1); 0 is unlimited.
    """

    def __init__(self, connection: socket.socket, longest_pdu: int) -> None:
        self._connection = connection
        self._fragment = min(longest_pdu or _LONGEST_PDU, _LONGEST_PDU) - 6
        self._message_id = 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def store(self, context_id: int, sop_class_uid: str, sop_instance_uid: str, dataset: bytes) -> int:
        """Send one instance and return the status of its response.

        Raises
        ------
        AssociationAborted, ResponseMissing
            If the status is unknown; the association is of no further use.
        """
        self._message_id = self._message_id % 0xFFFF + 1
        command = _store_request(self._message_id, sop_class_uid, sop_instance_uid)
        try:
            self._send(
                [
                    *pdus(command, context_id, 1, self._fragment),
                    *pdus(dataset, context_id, 0, self._fragment),
                ]
            )
            return self._response()
        except TimeoutError as late:
            raise ResponseMissing from late
        except OSError as broken:
            raise AssociationAborted from broken

    def release(self) -> None:
        """Release the association in good order, as far as the peer still answers (PS3.8 7.2)."""
        try:
            self._connection.sendall(_RELEASE_RQ)
            self._pdu()
        except (OSError, AssociationAborted):
            return

    def abort(self) -> None:
        """Tell the peer that the association is over."""
        try:
            self._connection.sendall(_ABORT)
        except OSError:
            return

    def _send(self, buffers: list[bytes | memoryview]) -> None:
        for first in range(0, len(buffers), _BUFFERS_PER_CALL):
            batch = buffers[first : first + _BUFFERS_PER_CALL]
            if isinstance(self._connection, ssl.SSLSocket):  # which has no sendmsg
                self._connection.sendall(b"".join(batch))
                continue
            sent = self._connection.sendmsg(batch)
            for buffer in batch:
                if sent < len(buffer):
                    self._connection.sendall(memoryview(buffer)[sent:])
                sent = max(0, sent - len(buffer))

    def _response(self) -> int:
        try:
            command = command_set.values(self._command_set())
        except ValueError as malformed:
            raise AssociationAborted from malformed
        kind = command_set.number(command, command_set.COMMAND_FIELD)
        responded_to = command_set.number(command, command_set.MESSAGE_ID_RESPONDED_TO)
        status = command_set.number(command, command_set.STATUS)
        if (kind, responded_to) != (command_set.C_STORE_RSP, self._message_id) or status is None:
            raise AssociationAborted
        return status

    def _command_set(self) -> bytes:
        received = bytearray()
        while len(received) <= _LONGEST_COMMAND_SET:
            kind, body = self._pdu()
            if kind != _P_DATA:
                raise AssociationAborted
            for control, fragment in _fragments(body):
                if not control & 1:
                    raise AssociationAborted
                received += fragment
                if control & 2:
                    return bytes(received)
        raise AssociationAborted

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self._read(6))
        if length > _LONGEST_PDU:
            raise AssociationAborted
        return kind, self._read(length)

    def _read(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            chunk = self._connection.recv(size - len(received))
            if not chunk:
                raise AssociationAborted
            received += chunk
        return bytes(received)


def _store_request(message_id: int, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    return command_set.whole(
        command_set.uid(command_set.AFFECTED_SOP_CLASS_UID, sop_class_uid)
        + command_set.us(command_set.COMMAND_FIELD, command_set.C_STORE_RQ)
        + command_set.us(command_set.MESSAGE_ID, message_id)
        + command_set.us(_PRIORITY, 0)
        + command_set.us(command_set.COMMAND_DATA_SET_TYPE, 1)
        + command_set.uid(command_set.AFFECTED_SOP_INSTANCE_UID, sop_instance_uid)
    )


def pdus(message: bytes, context_id: int, control: int, longest: int) -> Iterator[bytes | memoryview]:
    """Yield headers and fragments of `message`, one PDV per PDU, the last marked (PS3.8 E.2).

    Parameters
    ----------
    control
        1 for a command set, 0 for a dataset.
    longest
        Bytes of a fragment.
    """
    view = memoryview(message)
    for start in range(0, len(view) or 1, longest):
        fragment = view[start : start + longest]
        last = 2 if start + longest >= len(view) else 0
        size = len(fragment)
        yield struct.pack(">BxIIBB", _P_DATA, size + 6, size + 2, context_id, control | last)
        yield fragment


def _fragments(body: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 6 <= len(body):
        (length,) = struct.unpack_from(">I", body, position)
        end = position + 4 + length
        if length < _PDV_HEAD or end > len(body):
            raise AssociationAborted
        yield body[position + 5], body[position + 6 : end]
        position = end

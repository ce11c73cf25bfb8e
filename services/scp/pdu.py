"""The PDUs that an acceptor reads and writes by hand, and the limits on them (PS3.8 9.3).

A length is judged before a byte of what it announces is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.scp.connection import Connection

LONGEST_PDU: Final = 128 << 10
"""Maximum length of a P-DATA-TF PDU that is offered to peers (PS3.8 D.1)."""
LONGEST_ASSOCIATE_RQ: Final = 128 << 10
"""Bytes: 128 presentation contexts with 30 transfer syntaxes each."""
SHORTEST_ASSOCIATE_RQ: Final = 68
HEAD_BYTES: Final = 6
PDV_HEAD_BYTES: Final = 6

ASSOCIATE_RQ: Final = 0x01
P_DATA: Final = 0x04
RELEASE_RQ: Final = 0x05
ABORT: Final = 0x07
_KNOWN: Final = range(0x01, 0x08)

RELEASE_RP: Final = struct.pack(">BxI4x", 0x06, 4)

BY_USER: Final = 0
BY_PROVIDER: Final = 2
UNRECOGNIZED_PDU: Final = 1
UNEXPECTED_PDU: Final = 2
INVALID_PARAMETER: Final = 6

_FIRST: Final = struct.Struct(">BxII")
_ITEM_LENGTH: Final = struct.Struct(">I")
_ITEM_HEAD: Final = 2
_FIXED: Final = struct.Struct(">H2x16s16s")
_VARIABLE_AT: Final = 74
_VARIABLE: Final = struct.Struct(">BxH")
_CONTEXT: Final = 0x20
_MOST_CONTEXTS: Final = 128
_MOST_ITEMS: Final = 160


@dataclass(frozen=True)
class Rejection:
    """Why an association is rejected: for the peer (PS3.8 9.3.4), and in words."""

    code: str
    result: int
    source: int
    diagnostic: int

    def encode(self) -> bytes:
        """Return the A-ASSOCIATE-RJ PDU."""
        return struct.pack(">BxIxBBB", 0x03, 4, self.result, self.source, self.diagnostic)


class ProtocolError(Exception):
    """The peer breaks a rule or a limit, and is aborted.

    Parameters
    ----------
    code
        Reason code for people.
    reason
        Provider reason of the A-ABORT (PS3.8 9.3.8).
    """

    def __init__(self, code: str, reason: int = INVALID_PARAMETER) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class Released(Exception):
    """The peer asks to release the association."""


class Aborted(Exception):
    """The peer aborts the association."""


@dataclass(frozen=True)
class Titles:
    """What an A-ASSOCIATE-RQ states in its fixed fields (PS3.8 Table 9-11)."""

    protocol_version: int
    called: str
    calling: str


def titles(request: bytes | bytearray) -> Titles:
    """Read the fixed fields of an A-ASSOCIATE-RQ PDU; bytes that are no ASCII are shown as ``?``."""
    version, called, calling = _FIXED.unpack_from(request, HEAD_BYTES)
    return Titles(version, _title(called), _title(calling))


def check(request: bytes | bytearray) -> None:
    """Check the outline of an A-ASSOCIATE-RQ PDU before a library decodes it (PS3.8 9.3.2).

    Raises
    ------
    ProtocolError
        If its items do not fill it, or are more than there can be.
    """
    position, kinds = _VARIABLE_AT, bytearray()
    while position < len(request):
        if position + _VARIABLE.size > len(request) or len(kinds) > _MOST_ITEMS:
            raise ProtocolError("associate-rq-malformed")
        kind, length = _VARIABLE.unpack_from(request, position)
        kinds.append(kind)
        position += _VARIABLE.size + length
    if position != len(request) or kinds.count(_CONTEXT) > _MOST_CONTEXTS:
        raise ProtocolError("associate-rq-malformed")


def _title(raw: bytes) -> str:
    text = raw.decode("ascii", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")
    return "".join(one if one.isprintable() else "?" for one in text).strip()


def abort(source: int, reason: int = 0) -> bytes:
    """Return an A-ABORT PDU."""
    return struct.pack(">BxIxxBB", ABORT, 4, source, reason)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One presentation data value (PS3.8 9.3.5.1); its bytes are where `PresentationData` put them.

    Parameters
    ----------
    is_command, is_last
        Bits of the message control header (PS3.8 E.2).
    """

    context_id: int
    is_command: bool
    is_last: bool
    size: int


class PresentationData:
    """The fragments that an association's peer sends.

    Parameters
    ----------
    idle_seconds
        Longest wait for the next message.
    """

    def __init__(self, connection: Connection, idle_seconds: float) -> None:
        self._connection = connection
        self._idle_seconds = idle_seconds
        self._first = bytearray(_FIRST.size)
        self._item = bytearray(_ITEM_HEAD)
        self._views = memoryview(self._first), memoryview(self._item)
        self._left = 0

    def next(self, place: Callable[[int], memoryview], *, idle: bool = False) -> Fragment:
        """Receive one fragment into the view that `place` returns for its size.

        Parameters
        ----------
        idle
            True between two messages, where a peer may take its time.

        Raises
        ------
        Released, Aborted
            If the peer asks for the end.
        ProtocolError
            If it sends what it must not.
        services.scp.connection.PeerGone, services.scp.connection.PeerSilent
            If it does not send.
        """
        length = self._item_length() if self._left else self._begin(idle=idle)
        if not _ITEM_HEAD <= length <= self._left:
            raise ProtocolError("pdv-length-invalid")
        size = length - _ITEM_HEAD
        self._connection.receive(self._views[1], place(size))
        self._left -= length
        context_id, control = self._item
        return Fragment(context_id, bool(control & 1), bool(control & 2), size)

    def _begin(self, *, idle: bool) -> int:
        """Begin a P-DATA-TF PDU; return the length of its first item."""
        if idle:
            self._connection.wait(self._idle_seconds)
        # Every PDU that may come has these ten bytes.
        self._connection.receive(self._views[0])
        kind, length, item = _FIRST.unpack(self._first)
        if kind == P_DATA:
            if not _ITEM_LENGTH.size + _ITEM_HEAD <= length <= LONGEST_PDU:
                raise ProtocolError("pdu-too-long")
            self._left = length - _ITEM_LENGTH.size
            return int(item)
        if kind == RELEASE_RQ:
            raise Released
        if kind == ABORT:
            raise Aborted
        raise ProtocolError("pdu-unexpected", UNEXPECTED_PDU if kind in _KNOWN else UNRECOGNIZED_PDU)

    def _item_length(self) -> int:
        if self._left < _ITEM_LENGTH.size:
            raise ProtocolError("pdv-length-invalid")
        view = self._views[0][: _ITEM_LENGTH.size]
        self._connection.receive(view)
        self._left -= _ITEM_LENGTH.size
        return int(_ITEM_LENGTH.unpack(view)[0])

"""A peer that speaks the upper layer byte by byte, well or ill (PS3.8 9.3)."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

PET = "1.2.840.10008.5.1.4.1.1.128"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
ABORT, REJECT, ACCEPT, P_DATA = 0x07, 0x03, 0x02, 0x04
SECONDS = 60.0


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def associate_rq(
    contexts: list[tuple[str, str]] | None = None,
    *,
    calling: str = "SCANNER",
    called: str = "PETFECTIOR",
    version: int = 1,
    application_context: str = "1.2.840.10008.3.1.1.1",
    extra: bytes = b"",
) -> bytes:
    """Return an A-ASSOCIATE-RQ PDU; context ids are 1, 3, 5 …"""
    wanted = [(PET, EXPLICIT), (VERIFICATION, IMPLICIT)] if contexts is None else contexts
    items = _item(0x10, application_context.encode())
    for number, (abstract, syntax) in enumerate(wanted):
        value = bytes([2 * number + 1, 0, 0, 0])
        items += _item(0x20, value + _item(0x30, abstract.encode()) + _item(0x40, syntax.encode()))
    items += _item(0x50, _item(0x51, struct.pack(">I", 16384)) + _item(0x52, b"1.2.3")) + extra
    fixed = struct.pack(">HH16s16s32x", version, 0, called.ljust(16).encode(), calling.ljust(16).encode())
    return pdu(0x01, fixed + items)


def pdu(kind: int, body: bytes) -> bytes:
    """Return a PDU."""
    return struct.pack(">BxI", kind, len(body)) + body


def pdv(context_id: int, control: int, fragment: bytes) -> bytes:
    """Return a presentation data value item."""
    return struct.pack(">IBB", len(fragment) + 2, context_id, control) + fragment


def command(context_id: int, elements: bytes) -> bytes:
    """Return a P-DATA-TF PDU with one whole command set."""
    return pdu(P_DATA, pdv(context_id, 3, elements))


def element(number: int, value: bytes) -> bytes:
    """Return an element of group 0000."""
    return struct.pack("<HHI", 0, number, len(value)) + value


def echo_rq(message_id: int = 1, context_id: int = 3) -> bytes:
    """Return a C-ECHO-RQ."""
    return command(context_id, request(0x0030, message_id, VERIFICATION, dataset=False))


def request(field: int, message_id: int, sop_class: str, *, dataset: bool, sop_instance: str = "") -> bytes:
    """Return the command set of a request."""
    return b"".join(
        [
            element(0x0002, _uid(sop_class)),
            element(0x0100, struct.pack("<H", field)),
            element(0x0110, struct.pack("<H", message_id)),
            element(0x0700, b"\2\0"),
            element(0x0800, b"\1\0" if dataset else b"\1\1"),
            element(0x1000, _uid(sop_instance)) if sop_instance else b"",
        ]
    )


def _uid(value: str) -> bytes:
    return value.encode() + b"\0" * (len(value) % 2)


@dataclass
class Peer:
    """A connected socket and what it hears."""

    socket: socket.socket

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self.socket.sendall(data)

    def hear(self) -> tuple[int, bytes] | None:
        """Return the next PDU's type and body, or None at the end of the connection."""
        try:
            head = self._read(6)
            kind, length = struct.unpack(">BxI", head)
            return kind, self._read(length)
        except (EOFError, ConnectionError):
            return None

    def _read(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            chunk = self.socket.recv(size - len(received))
            if not chunk:
                raise EOFError
            received += chunk
        return received

    def ends(self) -> bool:
        """Tell that the node aborts or hangs up, whatever it said before."""
        while (heard := self.hear()) is not None:
            if heard[0] == ABORT:
                return True
        return True

    def associate(self, **options: object) -> tuple[int, bytes]:
        """Ask for an association and return the answer."""
        self.send(associate_rq(**options))  # type: ignore[arg-type]
        answer = self.hear()
        assert answer is not None
        return answer

    def echo(self) -> int:
        """Return the status of a C-ECHO."""
        self.send(echo_rq())
        heard = self.hear()
        assert heard is not None
        assert heard[0] == P_DATA
        place = heard[1].index(struct.pack("<HHI", 0, 0x0900, 2))
        return int.from_bytes(heard[1][place + 8 : place + 10], "little")


@contextlib.contextmanager
def peer(port: int) -> Iterator[Peer]:
    """Connect to a node on this machine."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Peer(connection)


def echoes(port: int) -> bool:
    """Tell whether a whole association with a C-ECHO goes well."""
    with peer(port) as one:
        return one.associate()[0] == ACCEPT and one.echo() == 0

"""What a peer may answer to a C-STORE request, byte by byte, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from petfectior.dicom.p_data import AssociationAborted, Exchange, ResponseMissing

PET = "1.2.840.10008.5.1.4.1.1.128"
DATASET = bytes(range(256)) * 40


@contextlib.contextmanager
def peer(*answers: bytes, longest_pdu: int = 0) -> Iterator[tuple[Exchange, list[list[bytes]]]]:
    """Yield an exchange, and the PDUs of each message that the peer has read whole."""
    listener = socket.create_server(("127.0.0.1", 0))
    messages: list[list[bytes]] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as stream:
            for answer in answers:
                messages.append(message(stream))
                connection.sendall(answer)
            while stream.read(4096):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    ours = socket.create_connection(listener.getsockname()[:2], timeout=1.0)
    try:
        yield Exchange(ours, longest_pdu), messages
    finally:
        ours.close()
        thread.join()
        listener.close()


def message(stream) -> list[bytes]:  # noqa: ANN001 - a buffered reader
    """Read PDUs up to the last fragment of a dataset."""
    pdus = []
    while True:
        head = stream.read(6)
        kind, length = struct.unpack(">BxI", head)
        body = stream.read(length)
        pdus.append(head + body)
        if kind != 4 or body[5] == 2:
            return pdus


def response(status: int, message_id: int = 1, field: int = 0x8001) -> bytes:
    elements = b"".join(
        struct.pack("<HHIH", 0, tag, 2, value)
        for tag, value in ((0x0100, field), (0x0120, message_id), (0x0800, 0x0101), (0x0900, status))
    )
    return pdv(elements, 3)


def pdv(fragment: bytes, control: int) -> bytes:
    item = struct.pack(">IBB", len(fragment) + 2, 1, control) + fragment
    return struct.pack(">BxI", 4, len(item)) + item


def store(exchange: Exchange) -> int:
    return exchange.store(1, PET, "1.2.3", DATASET)


@pytest.mark.parametrize("status", [0x0000, 0xB007, 0xA700, 0xC123])
def test_status_is_told_as_the_peer_said_it(status: int) -> None:
    with peer(response(status)) as (exchange, _messages):
        assert store(exchange) == status


@pytest.mark.parametrize("longest", [0, 64, 4096, 1 << 20])
def test_dataset_arrives_whole_in_pdus_that_the_peer_takes(longest: int) -> None:
    with peer(response(0), longest_pdu=longest) as (exchange, messages):
        store(exchange)
    bodies = [pdu[6:] for pdu in messages[0]]
    assert all(len(body) <= (longest or 1 << 17) for body in bodies)
    assert b"".join(body[6:] for body in bodies if not body[5] & 1) == DATASET
    assert [body[5] for body in bodies if body[5] & 2] == [3, 2]


def test_message_ids_count_up() -> None:
    with peer(response(0, 1), response(0, 2)) as (exchange, _messages):
        assert [store(exchange), store(exchange)] == [0, 0]


def test_response_in_fragments_is_put_together() -> None:
    whole = response(0xA700)[12:]
    with peer(pdv(whole[:10], 1) + pdv(whole[10:], 3)) as (exchange, _messages):
        assert store(exchange) == 0xA700


@pytest.mark.parametrize(
    "answer",
    [
        response(0, message_id=9),
        response(0, field=0x8030),
        struct.pack(">BxIxxBB", 7, 4, 2, 0),
        struct.pack(">BxI4x", 5, 4),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack(">BxI", 4, 0xFFFFFFFF),
        struct.pack(">BxI", 4, 8) + struct.pack(">IBB", 0xFFFF, 1, 3) + b"xx",
        pdv(b"\0" * 30, 3),
        pdv(b"dataset where a command is due", 2),
        pdv(b"\0" * 16000, 1) * 2,
    ],
    ids=[
        *("other message", "other command", "abort", "release", "no DICOM"),
        *("endless PDU", "PDV beyond its PDU", "no status", "dataset", "endless command set"),
    ],
)
def test_answer_that_is_no_answer_leaves_the_status_unknown(answer: bytes) -> None:
    with peer(answer) as (exchange, _messages), pytest.raises(AssociationAborted):
        store(exchange)


def test_half_an_answer_leaves_the_status_unknown() -> None:
    with peer(response(0)[:20]) as (exchange, _messages), pytest.raises(ResponseMissing):
        store(exchange)

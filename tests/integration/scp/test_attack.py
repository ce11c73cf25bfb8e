"""A siege from all sides at once: honest peers are served meanwhile, and nothing is left behind after it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.integration.scp import wire
from tests.integration.scp.conftest import Node, until
from tests.integration.scp.test_defence import MEGABYTE, descriptors, resident, threads

ECHOES = 40
PATIENCE = 10.0
"""Seconds for an echo on a machine that others load too; by itself it takes milliseconds."""


@pytest.fixture
def fortress(tmp_path: Path) -> Node:
    authority = Authority(tmp_path / "authority")
    return Node(
        tmp_path / "data",
        {
            "disk_low_bytes": "0",
            "idle_seconds": "600",
            "handshake_seconds": "300",
            "pdu_seconds": "300",
            "dicom_tls_port": "0",
            "dicom_tls_certificate": str(authority.certify("node").together),
            "dicom_tls_clients": "unasked",
        },
    )


class Siege:
    """Attackers, each of them a connection or a thread that goes on until the end."""

    def __init__(self, node: Node, stack: contextlib.ExitStack) -> None:
        self._node = node
        self._stack = stack
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        stack.callback(self._end)

    def connect(self, port: int | None = None) -> wire.Peer:
        connection = socket.create_connection(("127.0.0.1", port or self._node.port), timeout=60)
        self._stack.callback(connection.close)
        return wire.Peer(connection)

    def repeat(self, attack: Callable[[wire.Peer], None]) -> None:
        def run() -> None:
            while not self._over.is_set():
                with contextlib.suppress(OSError, AssertionError), wire.peer(self._node.port) as one:
                    one.socket.settimeout(5)
                    attack(one)

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()

    def _end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)


def long_pdu(one: wire.Peer) -> None:
    one.send(struct.pack(">BxI", 1, 0xFFFFFFF0))
    one.ends()


def long_pdu_within(one: wire.Peer) -> None:
    one.associate()
    one.send(struct.pack(">BxII", wire.P_DATA, 0xFFFFFFF0, 0xFFFFFFEC))
    one.ends()


def tiny_fragments(one: wire.Peer) -> None:
    one.associate()
    one.send(wire.command(1, wire.request(0x0001, 1, wire.PET, dataset=True, sop_instance="1.2")))
    for _ in range(1000):  # a million, if they were let
        one.send(wire.pdu(wire.P_DATA, wire.pdv(1, 0, b"x") * 1000))
    one.ends()


def slow_reader(one: wire.Peer) -> None:
    one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.associate()
    for _ in range(20000):
        one.send(wire.echo_rq())


def test_siege_keeps_no_echo_waiting_and_leaves_nothing(fortress: Node) -> None:
    node = fortress.start()
    try:
        secured = int(node.log("scp.listening-secured")[-1]["port"])
        assert wire.echoes(node.port)
        before = resident(node), threads(node), descriptors(node)
        took, peak = [], 0
        with contextlib.ExitStack() as stack:
            siege = Siege(node, stack)
            for number in range(50):
                siege.connect()
                siege.connect().send(wire.associate_rq()[: 7 + number])
            for number in range(10):
                siege.connect(secured).send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: number + 1])
            for attack in (long_pdu, long_pdu_within, tiny_fragments, slow_reader):
                siege.repeat(attack)
            for _ in range(ECHOES):
                began = time.monotonic()
                assert wire.echoes(node.port)
                took.append(time.monotonic() - began)
                peak = max(peak, resident(node))
        print(f"echo: median {sorted(took)[ECHOES // 2]:.3f} s, worst {max(took):.3f} s")
        print(f"memory: +{(peak - before[0]) / MEGABYTE:.0f} MB at most")
        assert max(took) < PATIENCE
        assert peak - before[0] < 100 * MEGABYTE
        until(lambda: threads(node) <= before[1])
        until(lambda: descriptors(node) <= before[2])
        assert wire.echoes(node.port)
    finally:
        assert node.kill(15) == 0

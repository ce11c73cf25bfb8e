"""Mutates a recorded association, PDU by PDU and field by field, and plays it to a node.

python -m tests.integration.scp.fuzz CASES [SEED]
"""

from __future__ import annotations

import contextlib
import random
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pynetdicom.dsutils import encode

from tests.integration.scp import wire
from tests.integration.scp.conftest import Node, make_series, until

ODD_NUMBERS = (0, 1, 2, 3, 5, 6, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x20000, 0x7FFFFFFF, 0xFFFFFFFF)
SECONDS = 20.0
ROUND = 2000
DRAIN = 600.0
"""Seconds to store what a round left in the spool."""
SPARE = 20
"""Descriptors and threads of the stores and of the pools that grow with their first use."""
Pdus = list[bytearray]


def recorded() -> list[bytes]:
    """Return the PDUs of an association: request, C-ECHO, C-STORE in two fragments, release."""
    (one,) = make_series(1)
    dataset = encode(one, is_implicit_vr=False, is_little_endian=True) or b""
    request = wire.request(0x0001, 2, wire.PET, dataset=True, sop_instance=one.SOPInstanceUID)
    half = len(dataset) // 2
    return [
        wire.associate_rq(),
        wire.echo_rq(),
        wire.command(1, request),
        wire.pdu(wire.P_DATA, wire.pdv(1, 0, dataset[:half])),
        wire.pdu(wire.P_DATA, wire.pdv(1, 2, dataset[half:])),
        wire.pdu(5, b"\0" * 4),
    ]


def _flip(some: random.Random, pdu: bytearray) -> None:
    for _ in range(some.randint(1, 8)):
        pdu[some.randrange(len(pdu))] ^= 1 << some.randrange(8)


def _overwrite(some: random.Random, pdu: bytearray) -> None:
    form = some.choice((">B", ">H", "<H", ">I", "<I"))
    value = some.choice(ODD_NUMBERS) & ((1 << 8 * struct.calcsize(form)) - 1)
    place = some.randrange(max(1, len(pdu) - struct.calcsize(form)))
    pdu[place : place + struct.calcsize(form)] = struct.pack(form, value)


def _length(some: random.Random, pdu: bytearray) -> None:
    """Change the length of the PDU, or of its first item."""
    place = some.choice((2, 6)) if len(pdu) > 10 else 2
    pdu[place : place + 4] = struct.pack(
        ">I", some.choice((*ODD_NUMBERS, len(pdu) + some.randint(-12, 12))) & 0xFFFFFFFF
    )


def _cut(some: random.Random, pdu: bytearray) -> None:
    del pdu[some.randrange(1, len(pdu)) :]


def _remove(some: random.Random, pdu: bytearray) -> None:
    first = some.randrange(len(pdu))
    del pdu[first : first + some.randint(1, 16)]


def _insert(some: random.Random, pdu: bytearray) -> None:
    place = some.randrange(len(pdu))
    pdu[place:place] = some.randbytes(some.randint(1, 64))


def _repeat(some: random.Random, pdu: bytearray) -> None:
    first = some.randrange(len(pdu))
    pdu[first:first] = pdu[first : first + some.randint(1, 64)] * some.randint(1, 50)


MUTATORS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _overwrite,
    _length,
    _cut,
    _remove,
    _insert,
    _repeat,
)


def mutated(some: random.Random, pdus: list[bytes]) -> bytes:
    """Return the bytes of a mutated association."""
    chosen: Pdus = [bytearray(one) for one in pdus]
    for _ in range(some.randint(1, 3)):
        # The request seldom: a broken one ends the case before anything else is tried.
        place = 0 if some.random() < 0.2 else some.randrange(1, len(chosen))
        if some.random() < 0.1:
            other = some.randrange(len(chosen))
            chosen[place], chosen[other] = chosen[other], chosen[place]
        elif len(chosen[place]) > 1:
            some.choice(MUTATORS)(some, chosen[place])
    return b"".join(chosen)


def play(port: int, stream: bytes) -> bool:
    """Send a stream and hang up; tell whether the node ended the connection too."""
    with wire.peer(port) as one:
        one.socket.settimeout(SECONDS)
        with contextlib.suppress(OSError):
            one.send(stream)
            one.socket.shutdown(1)
        try:
            return one.ends()
        except TimeoutError:
            return False


def fuzz(node: Node, cases: int, seed: int | str, until_then: float = float("inf")) -> int:
    """Play mutated associations; return how many. Raises AssertionError with the seed of one that hangs."""
    pdus = recorded()
    for number in range(cases):
        if time.monotonic() > until_then:
            return number
        assert play(node.port, mutated(random.Random(f"{seed}.{number}"), pdus)), (
            f"case {seed}.{number} hangs"
        )
    return cases


def main() -> None:
    """Fuzz nodes of its own."""
    cases, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for first in range(0, cases, ROUND):
        with tempfile.TemporaryDirectory() as folder:
            _round(Path(folder), min(ROUND, cases - first), f"{seed}-{first}")
    print(f"{cases} cases played")


def _round(folder: Path, cases: int, seed: str) -> None:
    """Fuzz a fresh node, since all cases tell of one series, whose task grows with each."""
    node = Node(folder, {"disk_low_bytes": "0", "quiet_seconds": "1"}).start()
    fuzz(node, 100, "first")
    until(lambda: gathered(folder), DRAIN)
    before = left(node)
    began = time.monotonic()
    played = fuzz(node, cases, seed)
    took = time.monotonic() - began
    failed = len(node.log("association.failed"))
    assert wire.echoes(node.port)
    until(lambda: gathered(folder), DRAIN)
    until(lambda: all(now <= then + SPARE for now, then in zip(left(node), before, strict=True)))
    print(f"{seed}: {played} cases in {took:.0f} s; unexpected errors {failed};", end=" ")
    print(f"threads and descriptors before {before}, after {left(node)}", flush=True)
    assert node.kill(15) == 0


def gathered(folder: Path) -> bool:
    """Tell whether all that was acknowledged has left the spool."""
    return not list((folder / "spool").rglob("*.zip"))


def left(node: Node) -> tuple[int, int]:
    """Return the node's threads and descriptors."""
    assert node.process is not None
    place = Path(f"/proc/{node.process.pid}")
    return len(list((place / "task").iterdir())), len(list((place / "fd").iterdir()))


if __name__ == "__main__":
    main()

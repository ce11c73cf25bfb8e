"""What a hostile peer sends costs its own association, and nobody else anything."""

from __future__ import annotations

import contextlib
import signal
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import Dataset

from petfectior import association_log, devices, wiring
from petfectior.association_log import Association, Result
from petfectior.settings import Settings
from tests.integration.scp import wire
from tests.integration.scp.conftest import House, Node, until
from tests.integration.scp.wire import ABORT, ACCEPT, P_DATA, REJECT, Peer, peer

Maker = Callable[..., list[Dataset]]
GIGABYTES = 0xFFFFFFF0
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Besieged:
    """An scp that many tests attack."""

    node: Node
    house: House


@contextlib.contextmanager
def besieged(folder: Path, **settings: str) -> Iterator[Besieged]:
    plain = {"quiet_seconds": "1", "minimum_images": "5", "disk_low_bytes": "0", **settings}
    node = Node(folder / "data", plain).start()
    ports = wiring.connect(Settings(data_dir=folder / "data"))
    yield Besieged(node, House(ports))
    ports.close()
    assert node.kill(signal.SIGTERM) == 0


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """Return an scp with the limits that it has by itself."""
    with besieged(tmp_path_factory.mktemp("roomy")) as one:
        yield one


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """Return an scp with narrow limits."""
    limits = {
        "handshake_seconds": "4",
        "pdu_seconds": "4",
        "idle_seconds": "8",
        "largest_instance_bytes": str(MEGABYTE),
        "largest_association_bytes": str(4 * MEGABYTE),
        "associations_per_peer": "2",
    }
    with besieged(tmp_path_factory.mktemp("strict"), **limits) as one:
        yield one


def resident(node: Node) -> int:
    assert node.process is not None
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def threads(node: Node) -> int:
    assert node.process is not None
    return len(list(Path(f"/proc/{node.process.pid}/task").iterdir()))


def descriptors(node: Node) -> int:
    """Count sockets and files; not the databases, whose pool opens a connection when first it needs one."""
    assert node.process is not None
    open_now = 0
    for descriptor in Path(f"/proc/{node.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we looked
            open_now += ".db" not in descriptor.readlink().name
    return open_now


def logged(house: House, reason: str, calling: str = "") -> Association:
    def found() -> Association | None:
        entries = association_log.newest(house.ports.registry, 1000)
        return next((one for one in entries if (one.reason, one.calling_ae_title) == (reason, calling)), None)

    return until(found)


@contextlib.contextmanager
def associated(node: Node, **options: object) -> Iterator[Peer]:
    with peer(node.port) as one:
        assert one.associate(**options)[0] == ACCEPT
        yield one


def abort_reason(one: Peer) -> tuple[int, int]:
    while (heard := one.hear()) is not None:
        if heard[0] == ABORT:
            return heard[1][2], heard[1][3]
    raise AssertionError("the connection ended without an A-ABORT")


@pytest.mark.parametrize("kind", range(9))
def test_gigabytes_announced_before_an_association_are_aborted_and_buffer_nothing(
    roomy: Besieged, kind: int
) -> None:
    assert wire.echoes(roomy.node.port)
    before = resident(roomy.node)
    with peer(roomy.node.port) as one:
        one.send(struct.pack(">BxI", kind, GIGABYTES))
        assert abort_reason(one)[0] == 2
    assert wire.echoes(roomy.node.port)
    assert resident(roomy.node) - before < 20 * MEGABYTE
    code = "pdu-too-long" if kind == 1 else "pdu-unexpected"
    assert logged(roomy.house, code).result is Result.TURNED_AWAY


def test_gigabytes_announced_within_an_association_are_aborted_and_buffer_nothing(roomy: Besieged) -> None:
    with associated(roomy.node, calling="GIGA") as one:
        before = resident(roomy.node)
        one.send(struct.pack(">BxII", P_DATA, GIGABYTES, GIGABYTES - 4))
        assert abort_reason(one) == (2, 6)
        assert resident(roomy.node) - before < 20 * MEGABYTE
    entry = logged(roomy.house, "pdu-too-long", "GIGA")
    assert (entry.result, entry.address) == (Result.ABORTED, "127.0.0.1")


def test_request_that_never_ends_is_dropped_in_time(strict: Besieged) -> None:
    with peer(strict.node.port) as silent, peer(strict.node.port) as half:
        half.send(wire.associate_rq()[:50])
        assert silent.ends()
        assert half.ends()
    assert logged(strict.house, "handshake-timeout").result is Result.TURNED_AWAY


def test_half_requests_keep_no_honest_sender_out_and_leave_nothing(roomy: Besieged) -> None:
    assert wire.echoes(roomy.node.port)
    before = threads(roomy.node), descriptors(roomy.node)
    with contextlib.ExitStack() as stack:
        for number in range(150):
            one = stack.enter_context(peer(roomy.node.port))
            one.send(wire.associate_rq()[: 1 + number % 60])
        assert wire.echoes(roomy.node.port)
        until(lambda: threads(roomy.node) <= before[0])  # who has not asked costs no thread
    until(lambda: descriptors(roomy.node) <= before[1])
    assert wire.echoes(roomy.node.port)


def test_peer_that_stops_within_a_pdu_is_aborted(strict: Besieged) -> None:
    with associated(strict.node, calling="STOPS") as one:
        one.send(wire.echo_rq()[:20])
        assert abort_reason(one)[0] == 2
    assert logged(strict.house, "pdu-timeout", "STOPS").result is Result.ABORTED


def test_idle_peer_is_aborted_in_time(strict: Besieged) -> None:
    with associated(strict.node, calling="IDLE") as one:
        assert abort_reason(one)[0] == 2
    assert logged(strict.house, "idle-timeout", "IDLE").result is Result.ABORTED


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wire.pdv(3, 3, b"")[:5], "pdu-too-long"),
        (struct.pack(">IBB", 1, 3, 3), "pdv-length-invalid"),
        (struct.pack(">IBB", 500, 3, 3) + b"\0" * 20, "pdv-length-invalid"),
        (wire.pdv(3, 3, b"\0" * 8), "dimse-message-malformed"),
        (wire.pdv(3, 3, b""), "dimse-message-malformed"),
        (wire.pdv(3, 3, b"\x00\x00\x00\x01\xff\xff\xff\xff"), "dimse-message-malformed"),
        (
            wire.pdv(3, 3, wire.element(0x0100, b"\x77\x77") + wire.element(0x0800, b"\1\1")),
            "dimse-message-malformed",
        ),
        (wire.pdv(3, 2, b"\0" * 8), "fragment-unexpected"),
        (wire.pdv(9, 3, b"\0" * 8), "context-not-accepted"),
        (wire.pdv(3, 1, b"\0" * 70000), "message-too-long"),
    ],
)
def test_broken_message_is_aborted_with_its_reason(
    roomy: Besieged, body: bytes, code: str, request: pytest.FixtureRequest
) -> None:
    title = f"BROKEN {abs(hash(request.node.name)) % 10**8}"
    with associated(roomy.node, calling=title) as one:
        one.send(wire.pdu(P_DATA, body))
        assert abort_reason(one) == (2, 6)
    assert logged(roomy.house, code, title).result is Result.ABORTED
    assert wire.echoes(roomy.node.port)


def test_endless_tiny_fragments_are_aborted(roomy: Besieged) -> None:
    request = wire.request(0x0001, 1, wire.PET, dataset=True, sop_instance="1.2.3")
    tiny = wire.pdu(P_DATA, wire.pdv(1, 0, b"x") * 1000)
    with associated(roomy.node, calling="TINY") as one:
        before = resident(roomy.node)
        with contextlib.suppress(OSError):
            one.send(wire.command(1, request))
            for _ in range(1000):
                one.send(tiny)
        assert one.ends()
        assert resident(roomy.node) - before < 20 * MEGABYTE
    assert logged(roomy.house, "too-many-fragments", "TINY").instances == 0


def test_endless_empty_command_fragments_are_aborted(roomy: Besieged) -> None:
    with associated(roomy.node, calling="EMPTY") as one:
        with contextlib.suppress(OSError):
            for _ in range(1000):
                one.send(wire.pdu(P_DATA, wire.pdv(3, 1, b"")))
        assert one.ends()
    assert logged(roomy.house, "too-many-fragments", "EMPTY").result is Result.ABORTED


def test_instance_beyond_the_limit_gets_a700_and_the_next_one_is_kept(
    strict: Besieged, series: Maker
) -> None:
    large = series(1, PixelData=b"\0" * (2 * MEGABYTE))
    assert strict.node.send(large + series(5)) == [0xA700, 0, 0, 0, 0, 0]
    assert strict.house.gathered().received == 5


def test_association_beyond_the_limit_is_aborted(strict: Besieged) -> None:
    request = wire.request(0x0001, 1, wire.PET, dataset=True, sop_instance="1.2.3")
    with associated(strict.node, calling="LARGE") as one:
        with contextlib.suppress(OSError):
            one.send(wire.command(1, request))
            for _ in range(400):
                one.send(wire.pdu(P_DATA, wire.pdv(1, 0, b"\0" * 16000)))
        assert one.ends()
    assert logged(strict.house, "association-too-large", "LARGE").result is Result.ABORTED


def test_long_instance_is_not_held_in_memory_and_kept_byte_for_byte(
    node: Node, house: House, series: Maker
) -> None:
    sent = series(5)
    sent[2].PixelData = bytes(range(256)) * 4096 * 40
    assert wire.echoes(node.port)
    before = resident(node)
    assert node.send(sent) == [0] * 5
    assert resident(node) - before < 30 * MEGABYTE
    part = house.gathered().parts[0]
    with house.ports.blobs.read(part.blob.key) as blob:
        assert sent[2].PixelData in blob.read()


def test_refusal_says_why_to_the_peer_and_in_the_log(tmp_path: Path) -> None:
    cases = [
        ({"called": "OTHER"}, (1, 1, 7), "called-ae-title-unknown"),
        ({"calling": "NOBODY"}, (1, 1, 3), "calling-ae-title-unknown"),
        ({"calling": "AWAY"}, (1, 1, 3), "calling-address-unknown"),
        ({"calling": "SILENT"}, (1, 1, 3), "device-may-not-send"),
        ({"calling": "SECRET"}, (1, 1, 1), "secure-association-required"),
        ({"version": 2}, (1, 2, 2), "protocol-version-unknown"),
        ({"application_context": "1.2.3"}, (1, 1, 2), "application-context-unknown"),
    ]
    local = {"address": "127.0.0.1", "port": 104}
    with besieged(tmp_path, called_ae_checked="true", known_senders_only="true") as one:
        for device in (
            devices.Device(name="CT", ae_title="SCANNER", **local),
            devices.Device(name="AWAY", ae_title="AWAY", address="192.0.2.1", port=104),
            devices.Device(name="SILENT", ae_title="SILENT", sender=False, **local),
            devices.Device(name="SECRET", ae_title="SECRET", tls=True, **local),
        ):
            devices.add(one.house.ports.registry, device)
        until(lambda: wire.echoes(one.node.port))  # devices are read every second
        until(lambda: refused(one.node, {"calling": "SECRET"}) == (1, 1, 1))
        for options, answer, code in cases:
            assert refused(one.node, options) == answer
            title = str(options.get("calling", "SCANNER"))
            assert logged(one.house, code, title).result is Result.REJECTED
            text = (one.node.data_dir / "logs" / "scp.log").read_text()
            assert code in text
            assert title not in text
        assert wire.echoes(one.node.port)


def refused(node: Node, options: dict[str, object]) -> tuple[int, ...]:
    with peer(node.port) as one:
        kind, body = one.associate(**options)
        assert kind == REJECT
        return tuple(body[1:])


def test_associations_over_the_limit_are_refused_for_a_while(strict: Besieged) -> None:
    with associated(strict.node) as first, associated(strict.node):
        assert refused(strict.node, {"calling": "THIRD"}) == (2, 3, 2)
        first.send(wire.pdu(5, b"\0" * 4))
        assert first.hear() == (6, b"\0" * 4)
        first.socket.close()
        until(lambda: wire.echoes(strict.node.port))
    assert logged(strict.house, "too-many-associations-of-peer", "THIRD").count == 1


@pytest.mark.parametrize(
    "extra",
    [b"\x20\x00\xff", struct.pack(">BxH", 0x20, 60000), b"\x20\0\0\4abcd" * 200, b"\x99\0\0\0" * 30000],
)
def test_request_that_cannot_be_read_is_aborted(roomy: Besieged, extra: bytes) -> None:
    with peer(roomy.node.port) as one:
        one.send(wire.associate_rq(extra=extra))
        assert one.ends()
    assert wire.echoes(roomy.node.port)


def test_association_log_tells_what_came(roomy: Besieged, series: Maker) -> None:
    assert roomy.node.send(series(5), title="TELLER") == [0] * 5

    def found() -> Association | None:
        entries = association_log.newest(roomy.house.ports.registry, 1000)
        return next((one for one in entries if one.calling_ae_title == "TELLER"), None)

    entry = until(found)
    assert (entry.result, entry.reason, entry.instances) == (Result.RELEASED, None, 5)
    assert entry.contexts == ((wire.PET, wire.EXPLICIT),)
    assert entry.bytes > 5 * 128


def test_what_is_no_c_store_is_answered_as_pynetdicom_answers_it(roomy: Besieged) -> None:
    cancel = wire.element(0x0100, b"\xff\x0f") + wire.element(0x0120, b"\1\0") + wire.element(0x0800, b"\1\1")
    identifier = struct.pack("<HHI", 0x0010, 0x0020, 0)
    find = wire.request(0x0020, 7, "1.2.840.10008.5.1.4.1.2.2.1", dataset=True)
    with associated(roomy.node) as one:
        assert one.echo() == 0
        one.send(wire.command(3, cancel))  # which has no answer
        assert one.echo() == 0
        one.send(wire.command(3, find) + wire.pdu(P_DATA, wire.pdv(3, 2, identifier)))
        assert abort_reason(one) == (0, 0)

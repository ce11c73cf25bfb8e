"""DICOM TLS with dcmtk at the other end, in and out (PS3.15 B.12)."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.dsutils import encode

from petfectior import association_log, devices
from petfectior.dicom import secure
from petfectior.dicom.store_scu import NoConnection, OutgoingInstance, associate
from petfectior.task import Destination
from tests.certificates import Authority, Certified
from tests.dcmtk import ENVIRONMENT, storescp, tool
from tests.integration.scp import wire
from tests.integration.scp.conftest import House, Node, make_series, until

Maker = Callable[..., list[Dataset]]


@dataclass(frozen=True)
class Papers:
    """The hospital's authority, a foreign one, and what they certified."""

    authority: Authority
    ours: Certified
    scanner: Certified
    stranger: Certified


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    authority = Authority(tmp_path_factory.mktemp("hospital"))
    foreign = Authority(tmp_path_factory.mktemp("foreign"))
    return Papers(
        authority, authority.certify("petfectior"), authority.certify("scanner"), foreign.certify("stranger")
    )


@contextlib.contextmanager
def secured(tmp_path: Path, papers: Papers, clients: str) -> Iterator[Node]:
    node = Node(tmp_path / "data", {"quiet_seconds": "1", "minimum_images": "5", "disk_low_bytes": "0"})
    node.start(
        dicom_tls_port="0",
        dicom_tls_certificate=str(papers.ours.together),
        dicom_tls_trust=str(papers.authority.certificate),
        dicom_tls_clients=clients,
    )
    yield node
    assert node.kill(15) == 0


def tls_port(node: Node) -> int:
    return int(node.log("scp.listening-secured")[-1]["port"])


def written(folder: Path, instances: list[Dataset]) -> Path:
    folder.mkdir()
    for number, one in enumerate(instances):
        one.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder


def send(node: Node, folder: Path, *options: str | Path) -> int:
    command = [tool("storescu"), "+sd", *map(str, options), "-aet", "SCANNER", "-aec", "PETFECTIOR"]
    return subprocess.run(
        [*command, "127.0.0.1", str(tls_port(node)), str(folder)],
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    ).returncode


def identity(who: Certified, papers: Papers) -> list[str | Path]:
    return ["+tls", who.key, who.certificate, "+cf", papers.authority.certificate]


def test_storescu_with_a_certificate_sends_a_series(
    tmp_path: Path, house: House, papers: Papers, series: Maker
) -> None:
    sent = series(6)
    with secured(tmp_path, papers, "required") as node:
        assert send(node, written(tmp_path / "sent", sent), *identity(papers.scanner, papers)) == 0
        part = house.gathered().parts[0]
        with house.ports.blobs.read(part.blob.key) as blob:
            content = blob.read()
        assert all(one.PixelData in content and one.SOPInstanceUID.encode() in content for one in sent)
        (entry,) = until(lambda: association_log.newest(house.ports.registry))
        assert (entry.secure, entry.instances) == (True, 6)


def test_who_must_show_a_certificate_of_the_hospital_is_held_to_it(
    tmp_path: Path, house: House, papers: Papers, series: Maker
) -> None:
    folder = written(tmp_path / "sent", series(5))
    with secured(tmp_path, papers, "required") as node:
        assert send(node, folder, *identity(papers.stranger, papers)) != 0
        assert send(node, folder, "+tla", "-ic") != 0
        until(lambda: [one.reason for one in association_log.newest(house.ports.registry)])
        assert {one.reason for one in association_log.newest(house.ports.registry)} <= {
            "tls-handshake-failed",
            "connection-lost",
        }
        assert house.tasks() == []
        assert send(node, folder, *identity(papers.scanner, papers)) == 0


@pytest.mark.parametrize("clients", ["optional", "unasked"])
def test_sender_without_a_certificate_is_served_where_none_is_required(
    tmp_path: Path, house: House, papers: Papers, series: Maker, clients: str
) -> None:
    with secured(tmp_path, papers, clients) as node:
        folder = written(tmp_path / "sent", series(5))
        assert send(node, folder, "+tla", "+cf", papers.authority.certificate) == 0
        assert house.gathered().received == 5


def test_only_tls_1_2_and_1_3_with_forward_secrecy_are_spoken(tmp_path: Path, papers: Papers) -> None:
    with secured(tmp_path, papers, "unasked") as node:
        for version, ciphers in (("TLSv1_2", "AES256-SHA"), ("TLSv1_2", "ECDHE-RSA-AES128-SHA256")):
            context = client(papers, version)
            context.set_ciphers(ciphers)
            with pytest.raises((ssl.SSLError, ConnectionError)), handshake(node, context):
                pass
        for version in ("TLSv1_2", "TLSv1_3"):
            with handshake(node, client(papers, version)) as connection:
                assert connection.version() == version.replace("_", ".")
                assert "GCM" in str(connection.cipher())
                assert wire.Peer(connection).associate()[0] == wire.ACCEPT


def client(papers: Papers, version: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(papers.authority.certificate))
    context.check_hostname = False
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return context


@contextlib.contextmanager
def handshake(node: Node, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", tls_port(node)), timeout=60) as plain,
        context.wrap_socket(plain) as connection,
    ):
        yield connection


def test_stalled_handshakes_hold_nobody_up(tmp_path: Path, papers: Papers) -> None:
    with secured(tmp_path, papers, "unasked") as node, contextlib.ExitStack() as stack:
        for number in range(20):
            stalled = stack.enter_context(socket.create_connection(("127.0.0.1", tls_port(node)), timeout=60))
            stalled.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: number % 12])
        assert wire.echoes(node.port)
        with handshake(node, client(papers, "TLSv1_3")) as connection:
            one = wire.Peer(connection)
            assert one.associate()[0] == wire.ACCEPT
            assert one.echo() == 0


def test_device_that_is_to_use_tls_is_refused_in_plain_and_served_secured(
    tmp_path: Path, house: House, papers: Papers
) -> None:
    device = devices.Device(name="CT", ae_title="SCANNER", address="127.0.0.1", port=104, tls=True)
    devices.add(house.ports.registry, device)
    with secured(tmp_path, papers, "unasked") as node:
        with wire.peer(node.port) as one:
            assert one.associate()[0] == wire.REJECT
        with handshake(node, client(papers, "TLSv1_3")) as connection:
            assert wire.Peer(connection).associate()[0] == wire.ACCEPT


@dataclass(frozen=True)
class Secured:
    """A storescp that takes TLS associations with certificates of the hospital only."""

    destination: Destination
    folder: Path


@pytest.fixture
def workstation(tmp_path: Path, papers: Papers) -> Iterator[Secured]:
    folder = tmp_path / "workstation"
    with storescp(folder, "-B", *map(str, identity(papers.scanner, papers))) as running:
        destination = Destination(
            name="WS", ae_title="STORESCP", address="127.0.0.1", port=running.port, tls=True
        )
        yield Secured(destination, folder)


def outgoing(instances: list[Dataset]) -> list[OutgoingInstance]:
    return [
        OutgoingInstance(
            one.SOPClassUID,
            one.SOPInstanceUID,
            wire.EXPLICIT,
            lambda one=one: encode(one, is_implicit_vr=False, is_little_endian=True) or b"",
        )
        for one in instances
    ]


def test_series_is_sent_to_a_storescp_with_tls(workstation: Secured, papers: Papers) -> None:
    sent = make_series(5, PixelData=os.urandom(1 << 18))
    context = secure.requestor(str(papers.ours.together), str(papers.authority.certificate))
    statuses: list[int | None] = []
    with associate(workstation.destination, "PETFECTIOR", {(wire.PET, wire.EXPLICIT)}, secure=context) as one:
        one.send(outgoing(sent), lambda _, status: statuses.append(status))
    assert statuses == [0] * 5
    until(lambda: len(list(workstation.folder.iterdir())) == 5)
    came = {one.SOPInstanceUID: one.PixelData for one in map(dcmread, workstation.folder.iterdir())}
    assert came == {one.SOPInstanceUID: one.PixelData for one in sent}


def test_destination_whose_certificate_is_foreign_gets_nothing(
    workstation: Secured, papers: Papers, tmp_path: Path
) -> None:
    foreign = Authority(tmp_path / "other")
    context = secure.requestor(str(papers.ours.together), str(foreign.certificate))
    with (
        pytest.raises(NoConnection),
        associate(workstation.destination, "PETFECTIOR", {(wire.PET, wire.EXPLICIT)}, secure=context),
    ):
        pass
    assert not list(workstation.folder.iterdir())

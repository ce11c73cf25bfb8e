"""What a receipt says of the server that it was."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from petfectior import receipts, settings
from petfectior.work import Stage
from tests.integration.transfer.conftest import TOKEN, Bench, Server
from tests.integration.transfer.test_handlers import travel


class SecureServer(Server):
    """The reference server over TLS."""

    certificate: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        return True

    def _admin(self, method: str, path: str, **values: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.request(
            method,
            f"{self.url}/admin/{path}",
            headers=headers,
            timeout=10,
            verify=str(self.certificate),
            **values,
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1".split()
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    one = SecureServer(tmp_path / "server")
    one.certificate = certificate
    one.start("--certificate", str(certificate), "--key", str(key))
    yield one
    one.stop()


@pytest.fixture
def secure(bench: Bench, server: SecureServer) -> Bench:
    """Have the gateway trust the server's certificate."""
    settings.store(bench.ports.base, bench.ports.registry, "server_ca", str(server.certificate))
    return bench


def test_the_receipt_names_the_server_and_its_certificate_for_each_message(
    secure: Bench, server: SecureServer
) -> None:
    task = travel(secure, secure.submitted(), Stage.PROCESS)
    made = receipts.statement(task)
    der = ssl.PEM_cert_to_DER_cert(server.certificate.read_text())
    assert [one.call for one in made.messages] == ["eligibility", "create-job", "package"]
    assert {one.server for one in made.messages} == {server.url}
    assert {one.certificate_sha256 for one in made.messages} == {hashlib.sha256(der).hexdigest()}
    assert [one.proven for one in made.messages] == [True] * 3
    assert not made.all_erased


def test_the_receipt_s_bodies_are_those_that_the_server_got(secure: Bench, server: SecureServer) -> None:
    made = receipts.statement(travel(secure, secure.submitted(), Stage.PROCESS))
    (kept,) = server.state()["jobs"]
    assert made.messages[1].body == kept["request"]
    assert made.manifest == kept["request"]["manifest"]

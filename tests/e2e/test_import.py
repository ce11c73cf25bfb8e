"""``petfectior import`` against a gateway with a self-signed certificate, interrupted and taken up again."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from petfectior.dicom import file_meta
from simulator import scanner
from simulator.stack import Stack, listens, wait_for

SLICES = 60


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway, and beside it an api that speaks HTTPS with a certificate of its own making."""
    stack = Stack(tmp_path_factory.mktemp("gateway"), environment={"quiet_seconds": "20"})
    secured = Stack(stack.folder)
    try:
        stack.start_server()
        stack.start_workstation()
        stack.start_gateway()
        stack.add_workstation()
        port = str(secured.api_port)
        stack.start_replica("api", replica="api-tls", api_port=port, api_tls="self-signed", health_port="0")
        wait_for(lambda: listens(secured.api_port), "the second api does not listen")
        stack.api_port, secured.api_port = secured.api_port, stack.api_port
        yield stack
    finally:
        stack.stop()


def run(
    folder: Path, stack: Stack, home: Path, *arguments: str, language: str = "en"
) -> subprocess.CompletedProcess[str]:
    url = f"https://127.0.0.1:{stack.api_port}"
    command = [sys.executable, "-m", "petfectior", "import", str(folder), "--url", url, *arguments]
    environment = stack.settings() | {
        "PETFECTIOR_TOKEN": stack.token(),
        "XDG_STATE_HOME": str(home),
        "PETFECTIOR_LANGUAGE": language,
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def fingerprint(stack: Stack) -> str:
    certificate = ssl.get_server_certificate(("127.0.0.1", stack.api_port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def write(folder: Path, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    instances = scanner.phantom(SLICES, 32, 5).instances
    for number in numbers:
        one = instances[number]
        meta = file_meta.encode(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid)
        (folder / f"{number}.dcm").write_bytes(meta + one.read())


def test_a_folder_is_imported_and_taken_up_again(secure: Stack, tmp_path: Path) -> None:
    folder, home = tmp_path / "series", tmp_path / "state"
    seen = fingerprint(secure)
    write(folder, range(SLICES // 2))
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")

    stranger = run(folder, secure, home)
    assert stranger.returncode == 1
    assert "--fingerprint" in stranger.stderr
    wrong = run(folder, secure, home, "--fingerprint", "0" * 64)
    assert wrong.returncode == 1
    assert seen in wrong.stderr

    first = run(folder, secure, home, "--fingerprint", seen)
    assert f"{SLICES // 2} received, 0 received earlier, 1 left out, 0 refused" in first.stdout, first.stderr
    assert first.returncode == 0

    write(folder, range(SLICES // 2, SLICES))
    second = run(folder, secure, home, "--fingerprint", ":".join(seen[k : k + 2] for k in range(0, 64, 2)))
    assert second.returncode == 0, second.stderr
    assert "0 refused" in second.stdout
    headers = {"Authorization": f"Bearer {secure.token()}"}

    def tasks() -> list[dict[str, object]]:
        url = f"https://127.0.0.1:{secure.api_port}/api/v1/tasks"
        answer = requests.get(url, headers=headers, timeout=30, verify=False)  # noqa: S501 - a test's own
        found: list[dict[str, object]] = answer.json()["tasks"]
        return found

    wait_for(lambda: [one["status"] for one in tasks()] == ["done"], "the imported series is not done")
    assert tasks()[0]["received"] == SLICES


def test_what_was_taken_before_an_interruption_is_not_sent_again(secure: Stack, tmp_path: Path) -> None:
    folder, home = tmp_path / "series", tmp_path / "state"
    write(folder, range(10))
    big = folder / "zz-too-large.dcm"
    with big.open("wb") as file:
        file.truncate(300 << 20)  # refused, so the journal stays
    first = run(folder, secure, home, "--fingerprint", fingerprint(secure))
    assert first.returncode == 1, first.stdout
    assert "10 received, 0 received earlier, 0 left out, 1 refused" in first.stdout
    assert "zz-too-large.dcm" in first.stderr
    spanish = run(folder, secure, home, "--fingerprint", fingerprint(secure), language="es")
    assert "0 recibidos, 10 recibidos antes, 0 omitidos, 1 rechazados" in spanish.stdout
    assert "zz-too-large.dcm: El archivo supera 256 MiB" in spanish.stderr
    big.unlink()
    again = run(folder, secure, home, "--fingerprint", fingerprint(secure))
    assert "0 received, 10 received earlier, 0 left out, 0 refused" in again.stdout
    assert again.returncode == 0


def test_series_do_not_travel_unencrypted(secure: Stack, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "petfectior", "import", str(tmp_path), "--url", "http://gateway.example"]
    environment = secure.settings() | {"PETFECTIOR_TOKEN": "t"}
    for language, text in (("en", "Run the same command again"), ("es", "Ejecute el mismo comando otra vez")):
        spoken = environment | {"PETFECTIOR_LANGUAGE": language}
        done = subprocess.run(command, env=spoken, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert "https" in done.stderr
        assert text in done.stderr

"""HTTPS by a certificate that is made at first start, or by one's own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from petfectior import certificate
from petfectior.access import users
from petfectior.access.person import Role
from petfectior.errors import Permanent
from petfectior.service import Ports
from services.api import __main__ as entry
from simulator.stack import free_port, listens
from tests.unit.api.gateway import connected, until

PASSWORD = "correct horse battery"  # noqa: S105 - of a user that lives as long as a test


@contextmanager
def running(ports: Ports) -> Iterator[str]:
    stop = threading.Event()
    thread = threading.Thread(target=entry.build(ports).loops[0], args=(stop,))
    thread.start()
    try:
        until(lambda: listens(ports.base.api_port), 60)
        yield f"https://localhost:{ports.base.api_port}"
    finally:
        stop.set()
        thread.join()


def test_a_self_signed_certificate_is_made_once_and_trusted_by_its_fingerprint(tmp_path: Path) -> None:
    with connected(tmp_path, api_tls="self-signed", api_port=free_port()) as ports, running(ports) as url:
        made, key = certificate.made(ports.base)
        assert key.stat().st_mode & 0o777 == 0o600
        context = ssl.create_default_context(cafile=made)
        assert httpx.get(f"{url}/health", verify=context, timeout=60).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health", timeout=60)
        assert ssl.get_server_certificate(("127.0.0.1", ports.base.api_port)) == made.read_text()
        before = certificate.fingerprint(made)
        certificate.files(ports.base)
        assert certificate.fingerprint(made) == before
        assert 800 < certificate.days_left(made) < 826


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    with connected(tmp_path, api_tls="self-signed", api_port=free_port()) as ports, running(ports) as url:
        users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
        context = ssl.create_default_context(cafile=certificate.made(ports.base)[0])
        with httpx.Client(base_url=url, verify=context, timeout=60) as browser:
            answer = browser.post(
                "/login", data={"name": "ana", "password": PASSWORD}, headers={"Origin": url}
            )
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-petfectior_session=")
            assert "Secure" in cookie
            assert "Path=/" in cookie
            assert browser.get("/tasks").status_code == 200


def test_own_files_are_served_and_missed_at_start(tmp_path: Path) -> None:
    with connected(tmp_path / "a", api_tls="self-signed") as other:
        mine = certificate.files(other.base)
    assert mine is not None
    own = {"api_tls": "own", "api_certificate": mine[0], "api_key": mine[1], "api_port": free_port()}
    with connected(tmp_path / "b", **own) as ports, running(ports) as url:
        context = ssl.create_default_context(cafile=mine[0])
        answer = httpx.get(f"{url}/health", verify=context, timeout=60)
        assert answer.headers["strict-transport-security"]
    with (
        connected(tmp_path / "c", api_tls="own", api_certificate=tmp_path / "no") as ports,
        pytest.raises(Permanent),
    ):
        certificate.files(ports.base)

"""Who may ask for what before there are users, and what every answer carries."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from petfectior.service import Ports
from petfectior.settings import Settings
from services.api import __main__ as entry
from services.api.app import STATIC
from services.api.rendering import TEMPLATES
from tests.unit.api.gateway import arriving, connected, failed, serving


def test_the_server_listens_on_loopback_unless_told_otherwise() -> None:
    assert Settings().api_host == "127.0.0.1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/tasks/{id}/retry", "/tasks/{id}/retry"])
def test_a_change_that_another_site_asks_for_is_refused(
    ports: Ports, web: httpx.Client, headers: dict[str, str], path: str
) -> None:
    task = ports.tasks.insert(failed(arriving()))
    answer = web.post(path.format(id=task.id), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "request-cross-origin")
    assert ports.tasks.get(task.id).revision == task.revision


def test_a_change_from_our_own_page_is_done(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(failed(arriving()))
    own = {"Origin": str(web.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert web.post(f"/tasks/{task.id}/retry", headers=own).status_code == 303


def test_a_foreign_name_that_resolves_to_us_sees_nothing(ports: Ports, web: httpx.Client) -> None:
    ports.tasks.insert(arriving("DOE^JANE"))
    answer = web.get("/tasks", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "host-unknown")
    assert "DOE" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8000", "10.1.2.3", "[::1]:8000", "gateway"])
def test_addresses_and_local_names_are_answered(web: httpx.Client, host: str) -> None:
    assert web.get("/health", headers={"Host": host}).status_code == 200


def test_a_configured_name_is_answered(tmp_path: Path) -> None:
    with (
        connected(tmp_path, api_names="pet.hospital.example, other.example") as named,
        serving(named) as address,
    ):
        answer = httpx.get(f"{address}/health", headers={"Host": "PET.hospital.example:8000"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/tasks", "/api/v1/tasks", "/nowhere", "/static/petfectior.css"])
def test_every_answer_carries_the_security_headers(web: httpx.Client, path: str) -> None:
    headers = web.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_script_style_or_foreign_address(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://|\|\s*safe", text)


def test_vendored_scripts_lie_beside_their_licences() -> None:
    folders = [folder for folder in (STATIC / "vendor").iterdir() if folder.is_dir()]
    assert len(folders) == 2
    assert all((folder / "LICENSE").is_file() for folder in folders)


def test_the_service_serves_until_it_is_told_to_stop(ports: Ports) -> None:
    serve = entry.build(ports).loops[0]
    stopping = threading.Event()
    thread = threading.Thread(target=serve, args=(stopping,))
    thread.start()
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_body_larger_than_any_call_needs_is_refused_unread(web: httpx.Client) -> None:
    answer = web.put("/api/v1/settings/client_id", content=b"x" * (2 << 20))
    assert answer.status_code == 413


def test_a_body_without_a_length_is_read_no_further_than_the_limit(web: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * (1 << 16)

    answer = web.put("/api/v1/settings/client_id", content=endless())
    assert 400 <= answer.status_code < 500

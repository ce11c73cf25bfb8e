"""Chromium before a served gateway."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from petfectior.access.person import Role
from petfectior.service import Ports
from services.api.access.cookie import NAME
from simulator import scanner
from simulator.stack import Stack, running, wait_for
from tests.conftest import absent
from tests.unit.api.gateway import connected, serving, session

REFUSED_FORM = re.compile(r"the server responded with a status of (409|422)")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # a loaded machine takes its time
    path = shutil.which("chromium")
    if path is None:
        absent("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    with connected(tmp_path) as made:
        yield made


@pytest.fixture
def address(ports: Ports) -> Iterator[str]:
    with serving(ports) as url:
        yield url


def sign_in(context: BrowserContext, ports: Ports, address: str, role: Role = Role.ADMIN) -> None:
    """Give the browser the session of a new user who is called as the role is."""
    context.add_cookies([{"name": NAME, "value": session(ports, role.value, role), "url": address}])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole gateway with its server and workstation, as processes."""
    stack = Stack(tmp_path_factory.mktemp("gateway"), environment={"quiet_seconds": "1"})
    with running(stack):
        yield stack


@pytest.fixture(scope="module")
def processed(gateway: Stack) -> str:
    """Id of a task whose series went the whole way."""
    scanner.send(scanner.phantom(60, 64, 1), f"PETFECTIOR@127.0.0.1:{gateway.dicom_port}")
    wait_for(lambda: [one["status"] for one in gateway.tasks()] == ["done"], "the series is not done")
    return str(gateway.tasks()[0]["id"])


@pytest.fixture
def gateway_page(chromium: Browser, gateway: Stack, language: str) -> Iterator[Page]:
    """A page of the whole gateway, signed in by a token; its console stays silent."""
    said: list[str] = []
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{gateway.api_port}",
        locale=language,
        viewport={"width": 1400, "height": 900},
        extra_http_headers={"Authorization": f"Bearer {gateway.token()}"},
    )
    context.set_default_timeout(60_000)
    shown = context.new_page()
    shown.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
    shown.on("pageerror", lambda error: said.append(str(error)))
    yield shown
    context.close()
    assert said == []


@pytest.fixture(params=["en", "es"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Browser, ports: Ports, address: str, language: str) -> Iterator[Page]:
    """A page whose console stays silent: the content security policy complains there."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSED_FORM.search(message.text):
            said.append(message.text)

    context = chromium.new_context(base_url=address, locale=language, viewport={"width": 1400, "height": 900})
    context.set_default_timeout(60_000)
    sign_in(context, ports, address)
    shown = context.new_page()
    shown.on("console", listen)
    shown.on("pageerror", lambda error: said.append(str(error)))
    yield shown
    context.close()
    assert said == []

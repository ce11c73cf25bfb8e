"""Signing in, themes and processes, as a person sees and uses them; pictures of all these pages."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from petfectior import devices, heartbeat, pauses, routing
from petfectior.access import users
from petfectior.access.person import Role
from petfectior.devices import Device
from petfectior.routes import Route, Table
from petfectior.service import Ports
from simulator.stack import free_port
from tests.browser.conftest import sign_in
from tests.browser.life import PASSWORD, SCREENS, living, logged, parked, replica
from tests.browser.test_accessibility import AXE, RUN

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", ["scp", "scu"])
def test_a_service_is_paused_and_resumed(ports: Ports, page: Page, language: str, name: str) -> None:
    living(ports)
    page.goto("/processes")
    card = page.locator(".service", has=page.locator(f"#service-{name}"))
    words = {"en": ("Pause", "Paused", "Resume"), "es": ("Pausar", "En pausa", "Reanudar")}[language]
    card.get_by_role("button", name=words[0], exact=True).click()
    expect(card.locator(".badge")).to_have_text(words[1])
    expect(card.get_by_text("C-ECHO")).to_have_count(int(name == "scp"))
    assert list(pauses.all_pauses(ports.registry)) == [name]
    card.get_by_role("button", name=words[2], exact=True).click()
    expect(card.get_by_role("button", name=words[0], exact=True)).to_be_visible()
    assert pauses.all_pauses(ports.registry) == {}


def test_the_web_pages_say_why_they_are_not_paused(ports: Ports, page: Page, language: str) -> None:
    living(ports)
    page.goto("/processes")
    card = page.locator(".service", has=page.locator("#service-api"))
    expect(card).to_contain_text({"en": "cannot be paused", "es": "no se pueden pausar"}[language])
    expect(card.get_by_role("button")).to_have_count(0)


def test_the_server_monitor_is_stopped_and_started(ports: Ports, page: Page, language: str) -> None:
    living(ports)
    page.goto("/processes")
    expect(page.locator(".server .badge")).to_have_text({"en": "Alive", "es": "Activo"}[language])
    expect(page.locator(".server svg polyline")).to_have_count(2)
    page.locator(".server button").click()
    expect(page.locator(".server .badge.cancelled")).to_be_visible()
    page.locator(".server button").click()
    expect(page.locator(".server .badge.done")).to_be_visible()


def test_a_replica_that_falls_silent_shows_without_a_reload(ports: Ports, page: Page, language: str) -> None:
    living(ports)
    page.goto(f"/processes?lang={language}")
    expect(page.locator("#service-transfer ~ .badge.done")).to_be_visible()
    ports.registry.put(heartbeat.KIND, "transfer-0", replica("transfer", beat=time.time() - 900))
    expect(page.locator("#service-transfer ~ .badge.failed")).to_be_visible()


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_dead_letter_is_settled(ports: Ports, page: Page, language: str, action: str) -> None:
    task_id = parked(ports)
    page.goto(f"/processes?lang={language}")
    expect(page.locator(".letters li")).to_have_count(1)
    expect(page.locator(".letters")).not_to_contain_text("DOE")
    if action == "discard":
        page.locator(".letters summary").click()
    page.locator(f".letters form[action$={action}] button").click()
    expect(page.locator(".alert.good")).to_be_visible()
    expect(page.locator(".letters li")).to_have_count(0)
    assert ports.tasks.get(task_id).status == ("waiting" if action == "replay" else "stopped")


def test_the_first_administrator_is_made_and_signs_in_and_out(
    ports: Ports, chromium: Browser, address: str, language: str
) -> None:
    context = chromium.new_context(base_url=address, locale=language)
    page = context.new_page()
    page.goto("/tasks")
    page.wait_for_url("**/setup")
    page.screenshot(path=SCREENS / f"setup-{language}.png")
    page.locator("#name").fill("Ana")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    expect(page.locator(".account summary")).to_have_text("ana")
    page.locator(".account summary").click()
    page.locator("form[action='/logout'] button").click()
    page.wait_for_url("**/login?did=out")
    page.goto("/processes")
    page.locator("#name").fill("ana")
    page.locator("#password").fill("not the password")
    page.locator("button.primary").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    page.locator("#name").fill("ana")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url("**/processes")
    assert users.get(ports.registry, "ana").role is Role.ADMIN
    context.close()


def test_the_password_is_changed_on_the_account_page(
    ports: Ports, chromium: Browser, address: str, language: str
) -> None:
    users.add(ports.registry, "eva", Role.VIEWER, SecretStr(PASSWORD))
    context = chromium.new_context(base_url=address, locale=language)
    page = context.new_page()
    page.goto("/account")
    page.locator("#name").fill("eva")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url("**/account")
    page.locator("#present").fill(PASSWORD)
    page.locator("#wanted").fill(PASSWORD + "!")
    page.locator("form[action='/account/password'] button").click()
    page.wait_for_url("**/login?did=password")
    expect(page.locator(".alert.good")).to_be_visible()
    context.close()


def test_the_navigation_shows_what_the_role_may_use(
    ports: Ports, chromium: Browser, address: str, language: str
) -> None:
    expected = {Role.VIEWER: 3, Role.OPERATOR: 5, Role.ADMIN: 6}
    for role, count in expected.items():
        context = chromium.new_context(base_url=address, locale=language)
        sign_in(context, ports, address, role)
        page = context.new_page()
        page.goto("/processes")
        expect(page.locator("nav.pages a")).to_have_count(count)
        assert page.locator(".server form").count() == (0 if role is Role.VIEWER else 1)
        context.close()


def test_the_theme_is_chosen_and_kept(page: Page, language: str) -> None:
    page.goto(f"/processes?lang={language}")
    page.locator(".theme.dark").click()
    page.goto("/processes")
    colour = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    assert re.fullmatch(r"rgb\(13, 22, 25\)", colour)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])
def test_pages_fit_the_screen_and_are_pictured(
    ports: Ports, chromium: Browser, address: str, theme: str, size: tuple[int, int], language: str
) -> None:
    living(ports)
    parked(ports)
    pauses.pause(ports.registry, "scu", "ana")
    logged(ports, "stage.crashed", service="rebuilder", level="error", code="blob-damaged")
    logged(ports, "association.ended", service="scp", result="released")
    devices.add(ports.registry, Device(name="PACS", ae_title="PACS", address="127.0.0.1", port=free_port()))
    route = Route(name="Glucose from the north", calling_ae_title="PET_NORTH_TOWER1", destinations=("PACS",))
    routing.save(ports.registry, Table(routes=(route, route.model_copy(update={"name": "Other"}))))
    context = chromium.new_context(
        base_url=address, locale=language, viewport={"width": size[0], "height": size[1]}
    )
    sign_in(context, ports, address)
    page = context.new_page()
    for path in PAGES:
        page.goto(f"/{path}?theme={theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        page.evaluate(AXE)
        assert page.evaluate(RUN) == [], path
        name = path.replace("/", "-")
        page.screenshot(path=SCREENS / f"{name}-{theme}-{size[0]}-{language}.png", full_page=True)
    context.close()


CONFIG = [
    f"config/{name}"
    for name in (
        "server delivery completeness limits dicom devices routes tracers filters users tokens audit".split()
    )
]
PAGES = ["processes", "account", "logs", "doctor", "login", *CONFIG]

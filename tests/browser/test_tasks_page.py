"""The tasks page and the task's page, as a person sees and uses them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from petfectior import ledger, transitions
from petfectior.service import Ports
from petfectior.task import Series, Task
from petfectior.work import Stage
from tests.browser.conftest import sign_in
from tests.unit.api.gateway import arriving, delivered, delivering, failed

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    "en": {"receiving": "Receiving", "uploading": "Waiting to upload", "done": "Done"},
    "es": {"receiving": "Recibiendo", "uploading": "En espera de subir", "done": "Terminada"},
}


def upload(task: Task) -> None:
    transitions.enter(task, Stage.UPLOAD, time.time(), "anonymizer")


def deliver(task: Task) -> None:
    delivered(task)


def test_a_task_moves_live_on_screen(ports: Ports, page: Page, language: str) -> None:
    words = WORDS[language]
    page.goto("/tasks")
    expect(page.locator(".empty")).to_be_visible()
    task = ports.tasks.insert(arriving("DOE^JANE"))
    row = page.locator(f"#task-{task.id}")
    expect(row).to_contain_text("DOE, JANE", timeout=30_000)
    expect(row).to_contain_text(words["receiving"])
    ledger.change(ports.tasks, task.id, upload)
    expect(row).to_contain_text(words["uploading"], timeout=30_000)
    ledger.change(ports.tasks, task.id, deliver)
    expect(row).to_contain_text(words["done"], timeout=30_000)


def test_the_search_finds_while_it_is_typed_and_keeps_its_place(
    ports: Ports, page: Page, language: str
) -> None:
    for name in ("DOE^JANE", "SMITH^JOHN"):
        ports.tasks.insert(arriving(name))
    page.goto("/tasks")
    page.get_by_role("searchbox").press_sequentially("smi", delay=30)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("SMITH, JOHN")
    ports.tasks.insert(arriving("SMITHERS^W"))
    expect(page.locator("tbody tr")).to_have_count(2, timeout=30_000)
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.url.endswith("/tasks?q=smi"), language


def test_the_tasks_page_is_used_by_keyboard(ports: Ports, page: Page, language: str) -> None:
    task = ports.tasks.insert(failed(arriving()))
    page.goto(f"/tasks?lang={language}")
    page.locator("a.open").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tasks/{task.id}")
    expect(page.locator(".answer")).to_be_visible()


def test_an_action_is_done_after_it_is_confirmed(ports: Ports, page: Page, language: str) -> None:
    task = ports.tasks.insert(failed(arriving()))
    page.goto(f"/tasks/{task.id}")
    page.locator("[data-opens=ask-retry]").click()
    dialog = page.locator("#ask-retry")
    expect(dialog).to_be_visible()
    dialog.locator("[data-close]").click()
    expect(dialog).to_be_hidden()
    assert ports.tasks.get(task.id).revision == task.revision
    page.locator("[data-opens=ask-retry]").click()
    dialog.locator("button.primary").click()
    expect(page.locator(".alert.good")).to_be_visible()
    expect(page.locator("[data-opens=ask-retry]")).to_have_count(0)
    assert ports.tasks.get(task.id).history[-1].reason.code == "retried-by-person", language


def test_a_dialog_and_opened_details_survive_updates(ports: Ports, page: Page, language: str) -> None:
    task = ports.tasks.insert(delivering(arriving()))
    page.goto(f"/tasks/{task.id}")
    page.locator("#history summary").click()
    page.locator("[data-opens=ask-resend]").click()
    with page.expect_response(f"**/tasks/{task.id}/live"):
        ledger.change(ports.tasks, task.id, deliver_all)
    expect(page.locator(".where.done")).to_be_visible(timeout=30_000)
    expect(page.locator("#ask-resend")).to_be_visible()
    assert page.locator("#history").get_attribute("open") is not None, language


def deliver_all(task: Task) -> None:
    for delivery in task.deliveries:
        delivery.accepted_count = delivery.total
        transitions.finish_delivery(task, delivery, time.time())


def test_a_hostile_text_stays_text(ports: Ports, page: Page, language: str) -> None:
    text = f"<img src=x onerror=document.title='{language}!'>"
    ports.tasks.insert(arriving(series=Series(series_description=text)))
    page.goto("/tasks")
    expect(page.locator("tbody")).to_contain_text("<img src=x")
    assert not page.title().endswith("!")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "phone"])
def test_pages_fit_the_screen_and_are_pictured(
    ports: Ports, chromium: Browser, address: str, theme: str, size: tuple[int, int], language: str
) -> None:
    tasks = [arriving(), failed(arriving("SMITH^JOHN")), delivered(arriving("W" * 64))]
    for task in tasks:
        ports.tasks.insert(task)
    context = chromium.new_context(
        base_url=address,
        locale=language,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
    )
    sign_in(context, ports, address)
    page = context.new_page()
    for name, path in {"tasks": "/tasks", "task": f"/tasks/{tasks[2].id}"}.items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        folder = ROOT / "build" / "screens"
        page.screenshot(path=folder / f"{name}-{theme}-{size[0]}-{language}.png", full_page=True)
    context.close()

"""The tasks table as a person works with it: selection, bulk actions, sorting, what a viewer sees."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from petfectior import devices, ledger, transitions
from petfectior.access.person import Role
from petfectior.devices import Device
from petfectior.ports import TaskQuery
from petfectior.service import Ports
from petfectior.task import Series, Task
from petfectior.work import Stage
from tests.browser.conftest import sign_in
from tests.unit.api.gateway import arriving, delivered, failed

pytestmark = pytest.mark.browser


def upload(task: Task) -> None:
    transitions.enter(task, Stage.UPLOAD, time.time(), "anonymizer")


def test_a_selection_outlives_updates_and_pages(ports: Ports, page: Page) -> None:
    first = ports.tasks.insert(arriving("A^A"))
    second = ports.tasks.insert(arriving("B^B"))
    page.goto("/tasks?limit=1")
    page.locator(f"#task-{second.id} input[name=task]").check()
    ledger.change(ports.tasks, second.id, upload)
    expect(page.locator(f"#task-{second.id} .rail .done")).to_have_count(2)
    expect(page.locator(f"#task-{second.id} input[name=task]")).to_be_checked()
    page.locator("a[rel=next]").click()
    page.locator(f"#task-{first.id} input[name=task]").check()
    expect(page.locator("#bulk-count")).to_have_text("2")
    page.locator("a[rel=prev]").click()
    expect(page.locator(f"#task-{second.id} input[name=task]")).to_be_checked()
    page.locator("#bulk-clear").click()
    expect(page.locator("#bulk")).to_be_hidden()


def test_many_tasks_are_acted_on_after_confirmation(ports: Ports, page: Page) -> None:
    stopped = ports.tasks.insert(failed(arriving("A^A")))
    done = ports.tasks.insert(delivered(arriving("B^B")))
    page.goto("/tasks")
    page.locator("#pick-all").check()
    page.locator("[data-opens=bulk-retry]").click()
    page.locator("#bulk-retry [data-close]").click()
    assert ports.tasks.get(stopped.id).revision == stopped.revision
    page.locator("[data-opens=bulk-retry]").click()
    page.locator("#bulk-retry button.primary").click()
    told = page.locator("#bulk-done")
    expect(told.locator("li")).to_have_count(1)
    expect(told.locator("li a")).to_have_attribute("href", f"/tasks/{done.id}")
    assert ports.tasks.get(stopped.id).history[-1].reason.code == "retried-by-person"
    expect(page.locator("#bulk")).to_be_hidden()


def test_many_series_are_sent_to_a_device_and_deleted(ports: Ports, page: Page) -> None:
    devices.add(ports.registry, Device(name="PACS", ae_title="PACS", address="10.0.0.9", port=104))
    tasks = [ports.tasks.insert(delivered(arriving(name))) for name in ("A^A", "B^B")]
    page.goto("/tasks")
    page.locator("#pick-all").check()
    page.locator("[data-opens=bulk-resend]").click()
    page.locator("#bulk-destination").select_option("PACS")
    page.locator("#bulk-resend button.primary").click()
    expect(page.locator("#bulk-done .good")).to_be_visible()
    assert all(ports.tasks.get(task.id).deliveries[-1].destination.name == "PACS" for task in tasks)
    page.locator("#pick-all").check()
    page.locator("[data-opens=bulk-cancel]").click()
    page.locator("#bulk-cancel button.danger").click()
    expect(page.locator("tr.cancelled")).to_have_count(2)
    page.locator("#pick-all").check()
    page.locator("[data-opens=bulk-delete]").click()
    page.locator("#bulk-delete button.danger").click()
    expect(page.locator(".empty")).to_be_visible()
    assert ports.tasks.find(TaskQuery()) == []


def test_the_table_is_sorted_and_narrowed_by_its_heads_and_fields(ports: Ports, page: Page) -> None:
    for name, tracer in (("B^B", "18F-FDG"), ("A^A", "68Ga-PSMA-11")):
        ports.tasks.insert(arriving(series=Series(patient_name=name, tracer=tracer)))
    page.goto("/tasks")
    page.locator("th.patient a.sort").click()
    expect(page.locator("tbody a.open").first).to_have_text("A, A")
    page.locator("th.patient a.sort").click()
    expect(page.locator("tbody a.open").first).to_have_text("B, B")
    page.locator("#more summary").click()
    page.locator("#tracer").fill("68ga-psma-11")
    page.locator("#more button").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#more")).to_have_attribute("open", "")


def test_the_list_is_exported(ports: Ports, page: Page) -> None:
    ports.tasks.insert(arriving("DOE^JANE"))
    page.goto("/tasks?state=running")
    with page.expect_download() as download:
        page.locator("a[href*='tasks.csv']").click()
    assert "DOE^JANE" in download.value.path().read_text("utf-8")


def test_a_viewer_sees_no_patient_and_no_action(
    ports: Ports, chromium: Browser, address: str, language: str
) -> None:
    text = "SECRET^NAME"
    task = ports.tasks.insert(
        delivered(arriving(series=Series(patient_name=text, patient_id=text, accession_number=text)))
    )
    context = chromium.new_context(base_url=address, locale=language)
    sign_in(context, ports, address, Role.VIEWER)
    page = context.new_page()
    for path in ("/", "/tasks", "/tasks?q=SECRET", f"/tasks/{task.id}", "/api/v1/tasks", "/api/v1/tasks.csv"):
        answer = context.request.get(path)
        assert answer.status == 200, path
        assert "SECRET" not in answer.text().replace('value="SECRET"', "").replace("q=SECRET", ""), path
    page.goto(f"/tasks/{task.id}")
    expect(page.locator(".actions button")).to_have_count(0)
    page.goto("/tasks")
    expect(page.locator("input[type=checkbox]")).to_have_count(0)
    context.close()

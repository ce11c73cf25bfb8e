"""Every page passes axe-core without a serious finding, fits the screen, and is pictured: both themes, both
languages, on a ward monitor and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from simulator import scanner
from simulator.stack import Stack, wait_for
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text("utf-8")
SCREENS = ROOT / "build" / "screens"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
PAGES = {
    "dashboard": "/",
    "tasks": "/tasks",
    "tasks-none": "/tasks?q=nobody&tracer=none",
    "task": "/tasks/{done}",
    "task-rejected": "/tasks/{rejected}",
    "headers": "/tasks/{done}/headers/plain",
    "report": "/tasks/{done}/report",
    "receipt": "/tasks/{done}/receipt",
    "upload": "/upload",
    "config": "/config",
    "processes": "/processes",
    "logs": "/logs",
    "associations": "/logs/associations",
    "error": "/nowhere",
}
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(", ")}`)"""


@pytest.fixture(scope="module")
def ids(gateway: Stack, processed: str) -> dict[str, str]:
    """Ids of a task that is done and of one that lacks an image."""
    short = scanner.phantom(60, 64, 9)
    scanner.send(scanner.Source(short.instances[:-1]), f"PETFECTIOR@127.0.0.1:{gateway.dicom_port}")
    wait_for(lambda: [one["status"] for one in gateway.tasks()] == ["stopped", "done"], "it is not rejected")
    return {"done": processed, "rejected": str(gateway.tasks()[0]["id"])}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_is_accessible_and_fits_and_is_pictured(
    *, gateway: Stack, ids: dict[str, str], chromium: Browser, theme: str, size: str, language: str
) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{gateway.api_port}",
        locale=language,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        extra_http_headers={"Authorization": f"Bearer {gateway.token()}"},
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    found = {}
    for name, path in PAGES.items():
        page.goto(path.format(**ids))
        settle(page)
        page.screenshot(path=SCREENS / f"{name}-{theme}-{size}-{language}.png", full_page=True)
        page.evaluate(AXE)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found[name] = [*page.evaluate(RUN), *([f"{wide} pixels wide"] if wide > width else [])]
    context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


def settle(page: Page) -> None:
    """Wait until what a page loads by itself is there."""
    if page.locator("#made[data-made='1']").count():
        page.locator("[data-images]").first.wait_for()
        for picture in page.locator("[data-images] img").all():
            picture.scroll_into_view_if_needed()
            page.wait_for_function(
                "image => image.complete && image.naturalWidth > 0", arg=picture.element_handle()
            )
        page.evaluate("scrollTo(0, 0)")

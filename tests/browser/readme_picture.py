"""Makes the README's pictures from a running gateway: ``python -m tests.browser.readme_picture``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from simulator import scanner
from simulator.stack import Stack, running, wait_for
from tests.browser.conftest import FLAGS
from tests.conftest import ROOT

IMAGES = ROOT / "docs" / "images"
SIZES = ((180, 128), (120, 96), (90, 128))


def main() -> None:
    """Process three series and stop a fourth for want of a slice, then take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), environment={"quiet_seconds": "1"})
        with running(stack):
            address = f"PETFECTIOR@127.0.0.1:{stack.dicom_port}"
            for seed, (slices, matrix) in enumerate(SIZES, 1):
                scanner.send(scanner.phantom(slices, matrix, seed), address)
            short = scanner.phantom(60, 64, 9)
            scanner.send(scanner.Source(short.instances[:-1]), address)
            wait_for(
                lambda: [one["status"] in {"done", "stopped"} for one in stack.tasks()] == [True] * 4,
                "the series have not ended",
                120,
            )
            _take(stack)


def _take(stack: Stack) -> None:
    done = next(one["id"] for one in reversed(stack.tasks()) if one["status"] == "done")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(
            viewport={"width": 1280, "height": 640},
            color_scheme="light",
            extra_http_headers={"Authorization": f"Bearer {stack.token()}"},
        )
        for name, path in {"dashboard": "/", "tasks": "/tasks", "images": f"/tasks/{done}"}.items():
            page.goto(f"http://127.0.0.1:{stack.api_port}{path}?lang=en")
            if name == "images":
                _wait_for_pictures(page)
                page.locator("[data-images]").screenshot(path=IMAGES / "images.png")
            else:
                page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


def _wait_for_pictures(page: Page) -> None:
    page.locator("[data-images]").wait_for()
    for picture in page.locator("[data-images] img").all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function("one => one.complete && one.naturalWidth > 0", arg=picture.element_handle())


if __name__ == "__main__":
    main()

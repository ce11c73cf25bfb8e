"""The task's page of a series that went the whole way: pictures, headers, files."""

from __future__ import annotations

import io
import re
import zipfile

import pydicom
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
LOADED = "image => image.complete && image.naturalWidth > 0"


def test_the_task_shows_pictures_before_after_and_of_the_change(gateway_page: Page, processed: str) -> None:
    gateway_page.goto(f"/tasks/{processed}")
    pictures = gateway_page.locator("[data-images] img")
    expect(pictures).to_have_count(9)
    for number in range(9):
        picture = pictures.nth(number)
        picture.scroll_into_view_if_needed()
        gateway_page.wait_for_function(LOADED, arg=picture.element_handle())
        assert picture.get_attribute("alt")
    tall = pictures.first.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert tall[1] > 20


def test_the_sliders_ask_the_server_for_other_pictures(gateway_page: Page, processed: str) -> None:
    gateway_page.goto(f"/tasks/{processed}")
    slide = gateway_page.locator("[data-slice]")
    with gateway_page.expect_response(re.compile(r"/slices/0/after\.png")) as answer:
        slide.fill("1")
    assert answer.value.status == 200
    with gateway_page.expect_response(re.compile(r"/mip/coronal/before\.png\?top=2(\.0)?$")) as answer:
        gateway_page.locator("[data-top]").fill("2")
    assert answer.value.body().startswith(b"\x89PNG")
    expect(gateway_page.locator("[data-says=top]")).to_have_text("2")
    expect(gateway_page.locator("[data-says=slice]")).to_have_text("1")


def test_both_headers_are_compared(gateway_page: Page, processed: str) -> None:
    gateway_page.goto(f"/tasks/{processed}")
    gateway_page.locator("a[href*='/headers/']").click()
    changed = gateway_page.locator("tr.changed")
    expect(changed.filter(has_text="SeriesInstanceUID")).to_have_count(1)
    expect(changed.filter(has_text="PatientName")).to_have_count(0)
    gateway_page.locator("input[name=same]").check()
    gateway_page.locator("form.inline button").click()
    expect(gateway_page.locator("tr.same").filter(has_text="PatientName")).to_have_count(1)


def test_the_files_are_downloaded(gateway_page: Page, processed: str) -> None:
    gateway_page.goto(f"/tasks/{processed}")
    archives = {name: linked(gateway_page, name) for name in ("original", "derived", "package")}
    read = {
        name: [pydicom.dcmread(io.BytesIO(archives[name].read(one))) for one in archives[name].namelist()]
        for name in ("original", "derived")
    }
    assert len(read["original"]) == len(read["derived"]) == 60
    assert {one.PatientID for one in read["original"]} == {one.PatientID for one in read["derived"]}
    uids = {name: {one.SOPInstanceUID for one in found} for name, found in read.items()}
    assert not uids["original"] & uids["derived"]
    assert sorted(archives["package"].namelist()) == ["block.b2frame", "manifest.json"]


def linked(page: Page, name: str) -> zipfile.ZipFile:
    """Return the ZIP behind a link; a download of the browser itself would not carry the token."""
    link = page.locator(f"a[href$='/{name}.zip']")
    assert link.get_attribute("download") is not None
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.status == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.body()))
    assert archive.testzip() is None
    return archive

"""Upload as a person does it: files, folders and ZIPs; the way of every series afterwards."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from petfectior.dicom import file_meta
from simulator import scanner
from simulator.stack import Stack, wait_for

pytestmark = pytest.mark.browser


def series(folder: Path, seed: int, slices: int = 50) -> list[Path]:
    """Write a phantom as DICOM files below `folder`."""
    folder.mkdir()
    paths = []
    for number, instance in enumerate(scanner.phantom(slices, 32, seed).instances):
        paths.append(folder / f"image {number}.dcm")
        meta = file_meta.encode(
            instance.sop_class_uid, instance.sop_instance_uid, instance.transfer_syntax_uid
        )
        paths[-1].write_bytes(meta + instance.read())
    return paths


def test_a_folder_is_uploaded_and_processed(
    gateway: Stack, gateway_page: Page, tmp_path: Path, language: str
) -> None:
    known = {one["id"] for one in gateway.tasks()}
    folder = tmp_path / "series"
    series(folder, seed=10 + len(language) + ord(language[0]))
    (folder / "notes.txt").write_text("nothing")
    gateway_page.goto("/upload")
    gateway_page.locator("#folder").set_input_files(folder)
    expect(gateway_page.locator("#count-stored")).to_have_text("50")
    expect(gateway_page.locator("#all-done")).to_be_visible()
    expect(gateway_page.locator("#verdicts tr.skipped")).to_contain_text("notes.txt")

    def done() -> bool:
        new = [one for one in gateway.tasks() if one["id"] not in known]
        return [one["status"] for one in new] == ["done"]

    wait_for(done, "the uploaded series is not done")
    (task,) = (one for one in gateway.tasks() if one["id"] not in known)
    assert task["source"]["calling_ae_title"] == "UPLOAD"
    assert task["received"] == 50


def test_a_zip_is_unpacked_by_the_gateway(gateway_page: Page, tmp_path: Path, language: str) -> None:
    packed = tmp_path / "series.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in series(tmp_path / "series", seed=30 + ord(language[0]), slices=3):
            archive.write(path, f"a/b/{path.name}")
    gateway_page.goto("/upload")
    gateway_page.locator("#files").set_input_files([packed])
    expect(gateway_page.locator("#count-stored")).to_have_text("3")
    expect(gateway_page.locator("#verdicts tr.stored").first).to_contain_text("a/b/image")
    expect(gateway_page.locator("#all-done")).to_be_visible()


def test_a_damaged_zip_says_what_to_do(gateway: Stack, tmp_path: Path) -> None:
    packed = tmp_path / "series.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", b"x" * 1000)
    for body, code in ((packed.read_bytes()[:-10], "upload-not-zip"), (b"", "upload-not-zip")):
        answer = requests.post(
            f"{gateway.api}/uploads",
            data=body,
            headers={"Authorization": f"Bearer {gateway.token()}"},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_leaving_while_files_are_under_way_is_asked_about(gateway_page: Page, tmp_path: Path) -> None:
    file = tmp_path / "any.dcm"
    file.write_bytes(b"x")
    gateway_page.goto("/upload")
    gateway_page.route("**/api/v1/uploads", lambda _route: None)  # never answered
    gateway_page.locator("h1").click()  # a browser asks only whom it has seen act
    gateway_page.locator("#files").set_input_files([file])
    expect(gateway_page.locator("#count-left")).to_have_text("1")
    with gateway_page.expect_event("dialog") as asked:
        gateway_page.evaluate("() => { setTimeout(() => { location.href = '/tasks'; }, 0); }")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(gateway_page.locator("#drop")).to_be_visible()
    gateway_page.goto("about:blank")

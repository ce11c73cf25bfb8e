"""Hostile values in the DICOM text fields of a real series: shown as text wherever they are shown."""

from __future__ import annotations

import io
import zipfile
from typing import Final

import pytest
import requests
from playwright.sync_api import Page, expect

from simulator import scanner
from simulator.stack import Stack, wait_for

pytestmark = pytest.mark.browser

SCRIPT: Final = "<script>document.title='taken'</script>"
IMAGE: Final = "<img src=x onerror=\"document.title='taken'\">"
LONG: Final = "x" * 65_000
FIELDS: Final = {
    "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "PatientID": IMAGE,
    "AccessionNumber": SCRIPT,
    "StudyDescription": SCRIPT,
    "SeriesDescription": IMAGE,
    "ManufacturerModelName": LONG,
}
CHARACTER_SETS: Final = ["", "ISO 2022 IR 87"]


@pytest.fixture(scope="module")
def hostile(gateway: Stack) -> str:
    """Id of the task of a series whose text fields are hostile."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, dataset in enumerate(scanner.phantom(50, 32, 77).datasets()):
            dataset.SpecificCharacterSet = CHARACTER_SETS
            for keyword, value in FIELDS.items():
                setattr(dataset, keyword, value)
            file = io.BytesIO()
            dataset.save_as(file, enforce_file_format=True)
            archive.writestr(str(number), file.getvalue())
    answer = requests.post(
        f"{gateway.api}/uploads",
        data=packed.getvalue(),
        headers={"Authorization": f"Bearer {gateway.token()}"},
        timeout=120,
    )
    assert answer.json()["stored"] == 50, answer.text[:300]
    wait_for(lambda: [one["status"] for one in gateway.tasks()] == ["done"], "the hostile series is not done")
    return str(gateway.tasks()[0]["id"])


def test_hostile_values_are_shown_as_text(gateway_page: Page, hostile: str) -> None:
    paths = ("/", "/tasks", f"/tasks/{hostile}", f"/tasks/{hostile}/headers/plain?same=true")
    for path in paths:
        gateway_page.goto(path)
        assert gateway_page.title() != "taken"
        assert gateway_page.locator("main img[src=x], main script").count() == 0
        assert len(gateway_page.content()) < 400_000
    expect(gateway_page.locator("tbody")).to_contain_text("山田")
    expect(gateway_page.locator("tbody")).to_contain_text("<script>document.title")
    gateway_page.goto("/tasks")
    row = gateway_page.locator(f"#task-{hostile}")
    expect(row).to_contain_text("Yamada, Tarou (山田 太郎)")
    expect(row).to_contain_text("<script>document.title")
    expect(row).to_contain_text("<img src=x")

"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.servers.fixtures", "tests.modes"]
ROOT = Path(__file__).resolve().parent.parent


def absent(what: str) -> None:
    """Skip on a laptop, with a line that says so; fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is required in CI")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real test data beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        absent("real test data (../shared/data)")
    return folder

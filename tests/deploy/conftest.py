"""Programs that the tests of the deployment run."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.conftest import absent


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Give a program's path; skip on a laptop that lacks it, fail in CI."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            absent(name)
        return str(path)

    return find

"""A served gateway per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from petfectior.service import Ports
from tests.unit.api.gateway import connected, serving, token


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    with connected(tmp_path, client_id="fixed-client") as made:
        yield made


@pytest.fixture
def web(ports: Ports) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token(ports)}"}
    with serving(ports) as address, httpx.Client(base_url=address, timeout=60, headers=headers) as client:
        yield client

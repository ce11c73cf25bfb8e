"""Real servers as fixtures: those that the environment names, or started here for the session.

Absent on a laptop, the tests that ask for one are skipped with a line; with ``CI=true`` they fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.conftest import absent
from tests.servers.minio import MinIO
from tests.servers.mongo import Mongo
from tests.servers.processes import Missing
from tests.servers.rabbitmq import RabbitMQ


class RealServer(Protocol):
    url: str

    def start(self) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def serving(make: Callable[[Path], RealServer], folder: Path) -> Iterator[RealServer]:
    """Start a server of its own for a test that stops it, or skip."""
    try:
        server = make(folder)
    except Missing as missing:
        absent(f"{missing} (see python -m tests.servers install)")
        raise
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _url(variable: str, make: Callable[[Path], RealServer], folder: Path) -> Iterator[str]:
    if named := os.environ.get(variable):
        yield named
        return
    with serving(make, folder) as server:
        yield server.url


@pytest.fixture(scope="session")
def rabbitmq_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _url("PETFECTIOR_TEST_RABBITMQ_URL", RabbitMQ, tmp_path_factory.mktemp("rabbitmq"))


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An URL without a bucket's content to spare: each test names a bucket of its own."""
    yield from _url("PETFECTIOR_TEST_S3_URL", MinIO, tmp_path_factory.mktemp("minio"))


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _url("PETFECTIOR_TEST_MONGO_URL", Mongo, tmp_path_factory.mktemp("mongo"))

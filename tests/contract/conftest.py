"""A database of the test's own on the MongoDB server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pymongo
import pytest


@pytest.fixture
def database_url(mongo_url: str) -> Iterator[str]:
    """Return its URL; it is dropped afterwards."""
    url = urlsplit(mongo_url)._replace(path=f"/t-{uuid4().hex[:12]}").geturl()
    yield url
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        client.drop_database(client.get_default_database().name)

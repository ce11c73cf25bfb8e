"""The same tests in both modes: over the embedded adapters, and over real RabbitMQ, MinIO and MongoDB."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import pytest

MODES = ["embedded", pytest.param("distributed", marks=pytest.mark.integration)]


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings that choose the adapters; bucket and database are of this module alone."""
    if request.param == "embedded":
        return {}
    return distributed(
        request.getfixturevalue("rabbitmq_url"),
        request.getfixturevalue("s3_url"),
        request.getfixturevalue("mongo_url"),
    )


def distributed(rabbitmq_url: str, s3_url: str, mongo_url: str) -> dict[str, str]:
    """Return the settings for servers, with a bucket and a database of their own."""
    name = f"test-{uuid4().hex[:12]}"
    return {
        "broker_url": rabbitmq_url,
        "blob_url": urlsplit(s3_url)._replace(path=f"/{name}").geturl(),
        "store_url": urlsplit(mongo_url)._replace(path=f"/{name}").geturl(),
    }

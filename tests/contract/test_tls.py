"""Broker and blob server by TLS, with a certificate of the hospital's own authority, chosen by URL alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from petfectior.adapters.rabbitmq import RabbitEventBus
from petfectior.adapters.s3 import S3BlobStore
from petfectior.errors import Transient
from tests.contract.documents import an_event
from tests.servers import certificates
from tests.servers.certificates import Pair
from tests.servers.fixtures import serving
from tests.servers.minio import MinIO
from tests.servers.rabbitmq import RabbitMQ

pytestmark = pytest.mark.integration
LONG = 60.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificates.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def trusted(pair: Pair) -> Iterator[Pair]:
    """Trust the certificate the way a service is told to: by its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(pair.certificate))
        yield pair


@pytest.fixture(scope="module")
def broker_url(trusted: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(partial(RabbitMQ, tls=trusted), tmp_path_factory.mktemp("rabbitmq-tls")) as server:
        yield server.url


@pytest.fixture(scope="module")
def blob_url(trusted: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(partial(MinIO, tls=trusted), tmp_path_factory.mktemp("minio-tls")) as server:
        yield server.url


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust another certificate instead."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.make(tmp_path).certificate))


def test_an_event_passes_through_a_named_virtual_host_by_tls(broker_url: str) -> None:
    assert broker_url.startswith("amqps://")
    assert broker_url.endswith("/hospital")
    bus = RabbitEventBus(broker_url)
    event = an_event()
    try:
        bus.publish(event)
        with bus.subscribe("anonymizer", 1) as subscription:
            delivered = subscription.receive(LONG)
            assert delivered is not None
            assert delivered.event == event
            delivered.ack()
    finally:
        bus.close()


@pytest.mark.usefixtures("stranger")
def test_a_broker_that_is_not_trusted_gets_nothing(broker_url: str) -> None:
    bus = RabbitEventBus(broker_url)
    try:
        with pytest.raises(Transient):
            bus.publish(an_event())
    finally:
        bus.close()


def test_a_blob_passes_by_https(blob_url: str) -> None:
    assert blob_url.startswith("https://")
    blobs = S3BlobStore(blob_url)
    try:
        kept = blobs.put("tasks/0123/part", [b"voxels"])
        with blobs.read(kept.key) as content:
            assert content.read() == b"voxels"
    finally:
        blobs.close()


@pytest.mark.usefixtures("stranger")
def test_a_blob_server_that_is_not_trusted_gets_nothing(blob_url: str) -> None:
    blobs = S3BlobStore(blob_url)
    try:
        with pytest.raises(Transient):
            blobs.put("tasks/0123/part", [b"voxels"])
    finally:
        blobs.close()

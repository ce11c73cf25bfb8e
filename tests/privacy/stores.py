"""Where messages pass and blobs lie in each mode, as one sees them beside the gateway."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import pika
from minio import Minio
from pika.adapters.blocking_connection import BlockingChannel
from pymongo import MongoClient

from petfectior import topology
from petfectior.adapters.rabbitmq_topology import EXCHANGE, dead_queue, delay_queues

COPIES = "copies-of-every-message"


class Stores(Protocol):
    """A gateway's bus and blobs."""

    def watch(self) -> None:
        """Keep a copy of every message from now on: an acknowledgement removes the original."""

    def messages(self) -> bytes:
        """Return every message that was published, a line each."""

    def seen(self) -> dict[str, bytes]:
        """Return by name what else whoever runs the stores sees without opening a blob or a task."""

    def blobs(self) -> bytes:
        """Return the content of all blobs."""


def of(mode: Mapping[str, str], data: Path) -> Stores:
    """Return the stores that a mode's settings choose."""
    return Distributed(mode["broker_url"], mode["blob_url"], mode["store_url"]) if mode else Embedded(data)


class Embedded:
    """SQLite and files."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def watch(self) -> None:
        with closing(sqlite3.connect(self._database(), timeout=10)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("CREATE TABLE seen (queue TEXT, body TEXT)")
            connection.execute(
                "CREATE TRIGGER keep AFTER INSERT ON messages BEGIN"
                " INSERT INTO seen VALUES (new.queue, new.body); END"
            )
            connection.commit()

    def messages(self) -> bytes:
        with closing(sqlite3.connect(self._database(), timeout=10)) as connection:
            rows = connection.execute("SELECT queue, body FROM seen").fetchall()
        return "\n".join(f"{queue} {body}" for queue, body in rows).encode()

    def seen(self) -> dict[str, bytes]:
        return {
            "broker files": b"".join(path.read_bytes() for path in self._files("bus")),
            "blob keys": "\n".join(
                str(path.relative_to(self._data)) for path in sorted((self._data / "blobs").rglob("*"))
            ).encode(),
            "journal": b"".join(
                path.read_bytes() for path in self._files("store") if path.name.startswith("journal.db")
            ),
        }

    def blobs(self) -> bytes:
        return b"".join(path.read_bytes() for path in self._files("blobs"))

    def _database(self) -> Path:
        [database] = (self._data / "bus").glob("*.db")
        return database

    def _files(self, folder: str) -> list[Path]:
        return [path for path in sorted((self._data / folder).rglob("*")) if path.is_file()]


class Distributed:
    """RabbitMQ, an S3 bucket and a database."""

    def __init__(self, broker_url: str, blob_url: str, store_url: str) -> None:
        self._broker_url = broker_url
        self._store_url = store_url
        parts = urlsplit(blob_url)
        self._bucket = parts.path.strip("/")
        self._client = Minio(
            parts.netloc.rpartition("@")[2],
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=parts.scheme == "https",
        )

    def watch(self) -> None:
        """Bind a second queue to all that the exchange routes."""
        with self._channel() as channel:
            channel.queue_delete(COPIES)
            channel.queue_declare(COPIES, durable=True)
            channel.queue_bind(COPIES, EXCHANGE, routing_key="#")

    def messages(self) -> bytes:
        """Return the copies, and what waits in queues that the exchange does not feed.

        Nothing is acknowledged, so all is there again for the next call.
        """
        own = [name for queue in topology.QUEUES for name in (dead_queue(queue), *delay_queues(queue))]
        with self._channel() as channel:
            return b"\n".join(line for queue in (COPIES, *own) for line in _waiting(channel, queue))

    def seen(self) -> dict[str, bytes]:
        names, headers = [], []
        for one in self._client.list_objects(self._bucket, recursive=True):
            names.append(str(one.object_name))
            stated = self._client.stat_object(self._bucket, str(one.object_name))
            headers.append(repr((dict(stated.metadata or {}), stated.tags, stated.content_type)))
        return {
            "blob keys": "\n".join(names).encode(),
            "blob headers": "\n".join(headers).encode(),
            "journal": self._journal(),
        }

    def _journal(self) -> bytes:
        client: MongoClient[dict[str, Any]] = MongoClient(self._store_url)
        with client:
            return "\n".join(map(repr, client.get_default_database()["journal"].find())).encode()

    def blobs(self) -> bytes:
        return b"".join(
            self._client.get_object(self._bucket, str(one.object_name)).read()
            for one in self._client.list_objects(self._bucket, recursive=True)
        )

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        with closing(pika.BlockingConnection(pika.URLParameters(self._broker_url))) as connection:
            yield connection.channel()


def _waiting(channel: BlockingChannel, queue: str) -> Iterator[bytes]:
    """Yield where each message of a queue went, its properties and its body."""
    while True:
        method, properties, body = channel.basic_get(queue)
        if method is None or body is None:
            return
        yield f"{method.routing_key} {vars(properties)} ".encode() + body

"""Settings → adapters: the only module that imports adapters.

Each adapter is imported when it is asked for, so that a container carries only the client
libraries that it uses.
"""

from __future__ import annotations

from pydantic import SecretStr

from petfectior.journal import Journal
from petfectior.ports import BlobStore, EventBus, Registry, TaskStore
from petfectior.service import Ports
from petfectior.settings import Settings

# ruff: noqa: PLC0415 - see above

EMBEDDED = "embedded"


def connect(base: Settings) -> Ports:
    """Return the ports that the settings name."""
    return Ports(
        bus=_bus(base),
        blobs=_blobs(base),
        tasks=_tasks(base),
        registry=_registry(base),
        journal=_journal(base),
        base=base,
    )


def _url(secret: SecretStr) -> str | None:
    value = secret.get_secret_value()
    return None if value == EMBEDDED else value


def _bus(base: Settings) -> EventBus:
    if url := _url(base.broker_url):
        from petfectior.adapters.rabbitmq import RabbitEventBus

        return RabbitEventBus(url)
    from petfectior.adapters.sqlite_bus import SqliteEventBus

    return SqliteEventBus(base.data_dir / "bus")


def _blobs(base: Settings) -> BlobStore:
    if url := _url(base.blob_url):
        from petfectior.adapters.s3 import S3BlobStore

        return S3BlobStore(url)
    from petfectior.adapters.files import FileBlobStore

    return FileBlobStore(base.data_dir / "blobs")


def _tasks(base: Settings) -> TaskStore:
    if url := _url(base.store_url):
        from petfectior.adapters.mongo_store import MongoTaskStore

        return MongoTaskStore(url)
    from petfectior.adapters.sqlite_store import SqliteTaskStore

    return SqliteTaskStore(base.data_dir / "store")


def _registry(base: Settings) -> Registry:
    if url := _url(base.store_url):
        from petfectior.adapters.mongo_registry import MongoRegistry

        return MongoRegistry(url)
    from petfectior.adapters.sqlite_registry import SqliteRegistry

    return SqliteRegistry(base.data_dir / "store")


def _journal(base: Settings) -> Journal:
    if url := _url(base.store_url):
        from petfectior.adapters.mongo_journal import MongoJournal

        return MongoJournal(url)
    from petfectior.adapters.sqlite_journal import SqliteJournal

    return SqliteJournal(base.data_dir / "store")


def checkpoint(base: Settings) -> None:
    """Checkpoint the embedded databases; only the supervisor may (architecture, SQLite)."""
    from petfectior.adapters import sqlite_database

    for name, url in (("bus", base.broker_url), ("store", base.store_url)):
        if _url(url) is None:
            sqlite_database.checkpoint(base.data_dir / name)

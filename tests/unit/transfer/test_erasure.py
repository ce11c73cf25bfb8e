"""Every job is owed an erasure; one that the server refuses holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.settings import Settings
from services.transfer import erasure, job
from services.transfer.client import ProcessingClient


class _Refusing(BaseHTTPRequestHandler):
    """Erases every job but ``a``."""

    def do_DELETE(self) -> None:
        self.send_response(403 if self.path.endswith("/a") else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_refused_erasure_stays_owed_and_holds_up_no_other(url: str, tmp_path: Path) -> None:
    registry, tasks = SqliteRegistry(tmp_path / "store"), SqliteTaskStore(tmp_path / "store")
    for name in "abc":
        registry.put(job.OWED, name, {"task_id": "gone", "created_at": 0.0})
    client = ProcessingClient(Settings(server_url=url))
    erasure.pay(tasks, registry, lambda: client, threading.Event())
    assert [record.key for record in registry.list(job.OWED)] == ["a"]

"""Answers without end: the client reads no more than any honest server sends."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from petfectior.settings import Settings
from services.transfer import client
from services.transfer.client import ProcessingClient
from services.transfer.failures import ServerUnavailable

PIECE = b" " * (1 << 20)
BOMB = gzip.compress(PIECE * 200)


class Endless(BaseHTTPRequestHandler):
    """Answers 200 or an error with blanks for as long as somebody listens, or with a small bomb."""

    def do_GET(self) -> None:
        zipped = self.path.startswith("/v1/jobs")
        self.send_response(422 if self.path == "/v1/jobs/refused" else 200)
        self.send_header("Content-Type", "application/json")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(BOMB)))
        self.end_headers()
        try:
            self.wfile.write(BOMB if zipped else b"{")
            while not zipped:
                self.wfile.write(PIECE)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hostile() -> Iterator[ProcessingClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield ProcessingClient(Settings(server_url=f"http://127.0.0.1:{server.server_port}"))
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("call", ["health", "bomb", "refused"])
def test_an_endless_answer_is_given_up_with_bounded_memory(hostile: ProcessingClient, call: str) -> None:
    calls = {"health": hostile.health, "bomb": lambda: hostile.job("a"), "refused": lambda: hostile.job(call)}
    tracemalloc.start()
    try:
        with pytest.raises(ServerUnavailable) as met:
            calls[call]()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert met.value.reason.code == "server-speaks-otherwise"
    assert peak < 2 * client.LARGEST_ANSWER

"""A line that trickles or breaks: the turn ends in time, the place is kept, few blobs come of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from petfectior import commit
from petfectior.handling import TURN_SECONDS, Again
from petfectior.settings import Settings
from petfectior.task import Task
from petfectior.work import Stage
from services.transfer.client import ProcessingClient
from services.transfer.download import download
from tests.integration.transfer.conftest import TOKEN, Bench
from tests.integration.transfer.test_handlers import travel

DROP = 300
"""Bytes that come at a time."""


class SlowLine(ThreadingHTTPServer):
    """Passes calls on to the reference server; of a result it brings a drop at a time."""

    daemon_threads = True

    def __init__(self, target: str, *, breaks: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Drops)
        self.target = target
        self.breaks = breaks
        self.answers = 0


class _Drops(BaseHTTPRequestHandler):
    server: SlowLine

    def do_GET(self) -> None:
        asked = {name: self.headers[name] for name in self.headers if name != "Host"}
        answer = requests.get(self.server.target + self.path, headers=asked, timeout=60)
        self.send_response(answer.status_code)
        for name in ("Content-Type", "Content-Length", "Content-Range", "ETag"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.end_headers()
        try:
            if not self.path.endswith("/result"):
                self.wfile.write(answer.content)
                return
            self.server.answers += 1
            self._trickle(answer.content)
        except OSError:
            return

    def _trickle(self, content: bytes) -> None:
        for begin in range(0, len(content), DROP):
            self.wfile.write(content[begin : begin + DROP])
            self.wfile.flush()
            if self.server.breaks:
                return
            threading.Event().wait(0.05)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def line(bench: Bench, request: pytest.FixtureRequest) -> Iterator[SlowLine]:
    server = SlowLine(bench.server.url, breaks=request.param == "breaks")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _last_second(bench: Bench, task: Task, line: SlowLine) -> Task:
    """Download by the slow line in a turn that has a second left."""
    claim = bench.claim(task.id)
    claim.began = time.monotonic() - TURN_SECONDS + 1
    url = f"http://127.0.0.1:{line.server_port}"
    slow = ProcessingClient(Settings(server_url=url, server_token=TOKEN, client_id="hospital"))
    answer = download(claim, bench.ports.registry, bench.ports.blobs, lambda: slow)
    assert isinstance(answer, Again)
    commit.commit(claim, answer, bench.owner)
    return bench.ports.tasks.get(task.id)


def _stored(bench: Bench, task: Task) -> set[str]:
    return {blob.key for blob in bench.ports.blobs.list(f"{task.id}/{Stage.DOWNLOAD}/")}


@pytest.mark.parametrize("line", ["trickles"], indirect=True)
def test_a_result_that_trickles_ends_the_turn_and_goes_on_later(bench: Bench, line: SlowLine) -> None:
    task = travel(bench, bench.submitted(), Stage.DOWNLOAD)
    held = _last_second(bench, task, line).result
    assert line.answers == 1
    assert len(held) == 1
    assert held[0].size > 0
    task = travel(bench, task, Stage.REBUILD)
    assert task.job is not None
    assert task.job.result is not None
    assert sum(blob.size for blob in task.result) == task.job.result["size"]


@pytest.mark.parametrize("line", ["breaks"], indirect=True)
def test_a_line_that_breaks_often_leaves_few_blobs(bench: Bench, line: SlowLine) -> None:
    task = travel(bench, bench.submitted(), Stage.DOWNLOAD)
    held = _last_second(bench, task, line).result
    assert sum(blob.size for blob in held) == line.answers * DROP
    assert len(held) == line.answers.bit_count()
    assert _stored(bench, task) == {blob.key for blob in held}

"""Why the server cannot be used, told apart by real connections that fail."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from petfectior.reasons import sentence
from petfectior.settings import Settings
from services.transfer.client import ProcessingClient
from services.transfer.failures import Problem, ServerUnavailable


def client(**settings: str) -> ProcessingClient:
    return ProcessingClient(Settings(**settings))


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Listen on a port and answer every connection with these bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def http(status: str, body: bytes = b"", **headers: str) -> bytes:
    fields = {"Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def cause(call: Callable[[], object]) -> str:
    with pytest.raises(ServerUnavailable) as failed:
        call()
    assert sentence(failed.value.reason, "en")
    assert sentence(failed.value.reason, "es")
    return failed.value.reason.code


def test_no_address_is_not_configured() -> None:
    assert cause(lambda: client(server_url="")) == "server-not-configured"


@pytest.mark.parametrize("url", ["http://server.example.org", "http://192.0.2.7:8080"])
def test_plain_http_beyond_loopback_is_refused(url: str) -> None:
    assert cause(lambda: client(server_url=url)) == "server-insecure"


@pytest.mark.parametrize("url", ["server.example.org", "ftp://server.example.org", "https://"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert cause(lambda: client(server_url=url)) == "server-address-invalid"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_plain_http_on_loopback_is_spoken(host: str) -> None:
    assert client(server_url=f"http://{host}:1").base.endswith("/v1")


def test_a_name_that_dns_does_not_know() -> None:
    one = client(server_url="https://no-such-host.invalid")
    assert cause(one.health) == "server-name-unknown"


def test_a_port_where_nobody_listens() -> None:
    assert cause(client(server_url=f"http://127.0.0.1:{closed_port()}").health) == "server-unreachable"


def test_a_proxy_that_is_not_there() -> None:
    one = client(server_url="https://server.example.org", proxy_url=f"http://127.0.0.1:{closed_port()}")
    assert cause(one.health) == "server-proxy-failed"


def test_a_proxy_that_wants_credentials() -> None:
    with answering(http("407 Proxy Authentication Required")) as port:
        one = client(server_url="https://server.example.org", proxy_url=f"http://127.0.0.1:{port}")
        assert cause(one.health) == "server-proxy-failed"


def test_a_host_of_the_no_proxy_list_is_called_directly() -> None:
    one = client(
        server_url=f"http://localhost:{closed_port()}",
        proxy_url="http://proxy.invalid:3128",
        no_proxy="example.org, localhost",
    )
    assert cause(one.health) == "server-unreachable"


def test_a_server_that_does_not_speak_tls() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        assert cause(client(server_url=f"https://127.0.0.1:{port}").health) == "server-tls-failed"


@pytest.mark.parametrize("name", ["server_ca", "server_client_certificate"])
def test_a_certificate_file_that_is_not_there_makes_tasks_wait(name: str) -> None:
    settings = {"server_url": "https://127.0.0.1:1", name: "no-such-file.pem"}
    assert cause(lambda: client(**settings)) == "server-tls-failed"


def test_a_refused_token() -> None:
    with answering(http("401 Unauthorized")) as port:
        assert cause(client(server_url=f"http://127.0.0.1:{port}").health) == "server-token-refused"


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway"])
def test_a_server_that_fails(status: str) -> None:
    with answering(http(status)) as port:
        assert cause(client(server_url=f"http://127.0.0.1:{port}").health) == "server-failing"


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_retry_after_in_seconds_is_honoured(status: str) -> None:
    with answering(http(status, Retry_After="17")) as port, pytest.raises(ServerUnavailable) as failed:
        client(server_url=f"http://127.0.0.1:{port}").health()
    assert failed.value.reason.code == "server-busy"
    assert failed.value.retry_after == 17


def test_retry_after_as_a_date_is_honoured() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    answer = http("503 Service Unavailable", Retry_After=when)
    with answering(answer) as port, pytest.raises(ServerUnavailable) as failed:
        client(server_url=f"http://127.0.0.1:{port}").health()
    assert failed.value.retry_after is not None
    assert 60 < failed.value.retry_after <= 90


@pytest.mark.parametrize(
    "answer", [http("200 OK", b"<html>"), http("200 OK", b"[]"), http("302 Found", Location="/login")]
)
def test_something_else_answers_at_the_address(answer: bytes) -> None:
    with answering(answer) as port:
        one = client(server_url=f"http://127.0.0.1:{port}")
        assert cause(one.health) == "server-speaks-otherwise"
        assert cause(lambda: one.job("0123456789abcdef")) == "server-speaks-otherwise"


def test_a_redirect_confirms_no_erasure() -> None:
    with answering(http("302 Found", Location="/login")) as port:
        one = client(server_url=f"http://127.0.0.1:{port}")
        assert cause(lambda: one.erase("0123456789abcdef")) == "server-speaks-otherwise"


def test_a_problem_is_told_by_the_last_part_of_its_type() -> None:
    body = b'{"type": "https://vendor.example/problems/no-licence", "title": "", "status": 403}'
    answer = http("403 Forbidden", body, Content_Type="application/problem+json")
    with answering(answer) as port, pytest.raises(Problem) as refused:
        client(server_url=f"http://127.0.0.1:{port}").eligibility(b"{}")
    assert (refused.value.status, refused.value.code) == (403, "no-licence")


def test_the_environment_of_the_process_changes_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    assert cause(client(server_url=f"http://127.0.0.1:{closed_port()}").health) == "server-unreachable"

"""The client of the processing API (``docs/processing-api.yaml``): one method per call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from petfectior import metrics
from petfectior.settings import Settings
from services.transfer import settings_check
from services.transfer.failures import Problem, ServerUnavailable, check, natural, told_apart
from services.transfer.witness import Witness

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
LARGEST_ANSWER: Final = 64 << 20
"""Bytes of a JSON answer; a thousand finished jobs of a thousand slices each take less."""
Answer = TypeVar("Answer", bound=BaseModel)
TUS: Final = {"Tus-Resumable": "1.0.0"}
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


State = Literal["created", "uploading", "queued", "processing", "done", "failed", "expired"]


class Eligibility(BaseModel):
    """The answer of a server that would process the series."""

    eligible: bool
    model: str = Field("", max_length=64)
    model_version: str = Field("", max_length=64)
    needs: list[str] = []


class JobStatus(BaseModel):
    """What the server says of a job; nothing in it is believed without a check."""

    model_config = ConfigDict(extra="ignore")

    id: str
    state: State
    progress: float = Field(0.0, allow_inf_nan=False)
    message: str = ""
    code: str | None = None
    transient: bool = False
    expires: float | None = Field(None, allow_inf_nan=False)
    result: dict[str, JsonValue] | None = None


class News(BaseModel):
    """Jobs that changed, and the cursor to ask with next."""

    cursor: str
    jobs: list[JobStatus]


@dataclass(frozen=True)
class Piece:
    """An open answer to a download.

    Parameters
    ----------
    resumed
        False if the server began again at the first byte.
    """

    response: requests.Response
    resumed: bool


class ProcessingClient:
    """Calls one server. Not shared between threads.

    Raises
    ------
    ServerUnavailable
        From every method: nothing is wrong with the series, wait.
    Problem
        From every method: the server refused the call.
    """

    def __init__(self, settings: Settings) -> None:
        settings_check.require(settings)
        self.base = settings.server_url.rstrip("/") + "/v1"
        self.session = _session(settings)
        self.witness = Witness()
        self.session.mount("https://", self.witness)

    @property
    def certificate(self) -> str:
        """SHA-256 of the certificate that the last answer came under; empty without TLS."""
        return self.witness.fingerprint

    def health(self) -> dict[str, Any]:
        """Return the server's health document."""
        return _document(self._call("GET", "/health"))

    def eligibility(self, body: bytes) -> Eligibility:
        """Ask whether such a series would be processed."""
        return _parsed(Eligibility, self._call("POST", "/eligibility", body))

    def create(self, body: bytes) -> JobStatus:
        """Create a job, or find that this very job is there."""
        return _parsed(JobStatus, self._call("POST", "/jobs", body))

    def offset(self, job_id: str) -> int:
        """Return how many bytes of the package the server has confirmed."""
        response = self._call("HEAD", f"/jobs/{job_id}/package", headers=TUS)
        return _offset(response)

    def append(self, job_id: str, offset: int, content: bytes) -> int:
        """Send bytes of the package; return the offset that the server confirms."""
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        response = self._call("PATCH", f"/jobs/{job_id}/package", content, headers=headers)
        return _offset(response)

    def job(self, job_id: str) -> JobStatus:
        """Return the state of a job."""
        return _parsed(JobStatus, self._call("GET", f"/jobs/{job_id}"))

    def changed(self, cursor: str, wait: float) -> News:
        """Wait at most `wait` seconds for jobs that changed since `cursor`."""
        query = {"wait": f"{wait:g}"} | ({"cursor": cursor} if cursor else {})
        return _parsed(News, self._call("GET", "/jobs", params=query, seconds=wait + ANSWER_SECONDS))

    @contextmanager
    def result(self, job_id: str, offset: int, etag: str) -> Iterator[Piece]:
        """Open the result from `offset` on, if it still is the one with `etag`."""
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": etag}
        response = self._call("GET", f"/jobs/{job_id}/result", headers=headers, stream=True)
        try:
            yield Piece(response, resumed=response.status_code == HTTPStatus.PARTIAL_CONTENT)
        finally:
            response.close()

    def erase(self, job_id: str) -> None:
        """Have the server erase package and result; returns once it is confirmed."""
        try:
            self._call("DELETE", f"/jobs/{job_id}")
        except Problem as problem:
            if problem.status not in GONE:
                raise

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
        stream: bool = False,
    ) -> requests.Response:
        typed = {"Content-Type": "application/json"} if body is not None else {}
        with _counted(method, path), told_apart():
            response = self.session.request(
                method,
                self.base + path,
                data=body,
                headers={**typed, **(headers or {})},
                params=params,
                timeout=(CONNECT_SECONDS, seconds),
                stream=True,
                allow_redirects=False,
            )
            return check(response if stream and response.ok else _read(response))


@contextmanager
def _counted(method: str, path: str) -> Iterator[None]:
    """Count a call by its place in the API, without the job's id."""
    call = path.strip("/").split("/")
    name = call[0] if len(call) == 1 else "/".join(["job", *call[2:]])
    outcome = "unavailable"
    try:
        yield
        outcome = "answered"
    except Problem:
        outcome = "refused"
        raise
    finally:
        metrics.SERVER_CALLS.labels(f"{method} {name}", outcome).inc()


Connect = Callable[[], ProcessingClient]


def connector(settings: Callable[[], Settings]) -> Connect:
    """Return what gives each thread its client of the settings in force."""
    local = threading.local()

    def connect() -> ProcessingClient:
        now = settings()
        key = _key(now)
        if getattr(local, "key", None) != key:
            local.client = ProcessingClient(now)
            local.key = key
        client: ProcessingClient = local.client
        return client

    return connect


def _key(settings: Settings) -> tuple[str, ...]:
    return (
        settings.server_url,
        settings.server_token.get_secret_value(),
        settings.server_ca,
        settings.server_client_certificate,
        settings.proxy_url.get_secret_value(),
        settings.no_proxy,
    )


def _session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    token = settings.server_token.get_secret_value()
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    session.headers["Accept"] = "application/json, application/problem+json"
    proxy = settings.proxy_url.get_secret_value()
    host = urlsplit(settings.server_url).hostname or ""
    if proxy and not settings_check.bypasses(host, settings.no_proxy):
        session.proxies = {"http": proxy, "https": proxy}
    if settings.server_ca:
        session.verify = settings.server_ca
    if settings.server_client_certificate:
        session.cert = settings.server_client_certificate
    return session


def _read(response: requests.Response) -> requests.Response:
    """Read an answer's body, but never more, nor for longer, than any honest one takes."""
    content = bytearray()
    latest = time.monotonic() + ANSWER_SECONDS
    with response:
        while piece := response.raw.read1(1 << 16, decode_content=True):
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise ServerUnavailable("server-speaks-otherwise")
            if time.monotonic() > latest:
                raise ServerUnavailable("server-timeout")
    response._content = bytes(content)  # noqa: SLF001 - requests reads without a bound
    return response


def _document(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except (ValueError, RecursionError) as error:
        raise ServerUnavailable("server-speaks-otherwise") from error
    if not isinstance(document, dict):
        raise ServerUnavailable("server-speaks-otherwise")
    return document


def _parsed(kind: type[Answer], response: requests.Response) -> Answer:
    try:
        return kind.model_validate(_document(response))
    except ValidationError as error:
        raise ServerUnavailable("server-speaks-otherwise") from error


def _offset(response: requests.Response) -> int:
    offset = natural(response.headers.get("Upload-Offset", ""))
    if offset is None:
        raise ServerUnavailable("server-speaks-otherwise")
    return offset

"""Uploads a folder to a gateway over HTTPS, in batches; a journal keeps what was taken, to go on there."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import io
import json
import ssl
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from petfectior.errors import PetfectiorError

BATCH_BYTES: Final = 32 << 20
BATCH_FILES: Final = 500
TRIES: Final = 5
SECONDS: Final = 600.0


class ImportStoppedError(PetfectiorError):
    """Nothing more can be sent; the sentence says why and what to do."""


@dataclass(frozen=True)
class Verdict:
    """What became of one file."""

    path: Path
    stored: bool
    skipped: bool
    detail: str


class Journal:
    """Digests of the files that a gateway took: one line each, no names.

    A file counts as the same while its place, size and time of change are the same.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._taken = set(path.read_text("ascii").split()) if path.exists() else set()

    def has(self, file: Path) -> bool:
        """Tell whether the file was taken by an earlier run."""
        return _mark(file) in self._taken

    def add(self, files: list[Path]) -> None:
        """Note that the files were taken."""
        with self._path.open("a", encoding="ascii") as lines:
            lines.writelines(f"{_mark(file)}\n" for file in files)

    def close(self, *, whole: bool) -> None:
        """End the run; after a whole one the journal is gone, so that a next run sends everything."""
        if whole:
            self._path.unlink(missing_ok=True)


def _mark(file: Path) -> str:
    told = file.stat()
    return hashlib.sha256(f"{file.resolve()}\0{told.st_size}\0{told.st_mtime_ns}".encode()).hexdigest()


def batches(files: list[Path]) -> Iterator[list[Path]]:
    """Yield the files in batches of 500 files or 32 MiB; a larger file goes alone."""
    batch: list[Path] = []
    size = 0
    for file in files:
        length = file.stat().st_size
        if batch and (len(batch) == BATCH_FILES or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += length
    if batch:
        yield batch


class Gateway:
    """A gateway's upload call.

    Parameters
    ----------
    url
        ``https://host:port``; plain http only on this machine.
    token
        A token with the scope operator.
    fingerprint
        SHA-256 of the gateway's certificate, hexadecimal; "" trusts this machine's certificate authorities.
    language
        In which the gateway explains itself.
    """

    def __init__(self, url: str, token: str, fingerprint: str, ca: Path | None, language: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ImportStoppedError("import-address-wrong", url=url)
        if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ImportStoppedError("import-unencrypted")
        self._host, self._port = parts.hostname, parts.port
        self._secure = parts.scheme == "https"
        self._path = parts.path.rstrip("/") + "/api/v1/uploads"
        self._headers = {
            "Content-Type": "application/zip",
            "Authorization": f"Bearer {token}",
            "Accept-Language": language,
        }
        self._fingerprint = fingerprint.replace(":", "").lower()
        self._context = ssl.create_default_context(cafile=ca)
        if self._fingerprint:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE  # the certificate itself is compared, in `_connected`

    def send(self, files: list[Path]) -> list[Verdict]:
        """Send a batch, again if the line breaks; sending a file twice does no harm.

        Raises
        ------
        ImportStoppedError
            If the gateway refuses the call, or is not who it should be.
        """
        body = _zipped(files)
        stopped = ImportStoppedError("import-no-answer", error="")
        for tried in range(1, TRIES + 1):
            try:
                status, answer = self._post(body)
            except ssl.SSLCertVerificationError as error:
                raise ImportStoppedError("import-untrusted", cause=error.verify_message) from error
            except (OSError, http.client.HTTPException) as error:
                stopped = ImportStoppedError("import-no-answer", error=type(error).__name__)
            else:
                if status == http.HTTPStatus.OK:
                    return _verdicts(files, answer)
                stopped = _refused(status, answer)
                if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                    break
            time.sleep(min(30.0, 2.0**tried))
        raise stopped

    def _post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        connection = self._connected()
        try:
            connection.request("POST", self._path, body, self._headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            answer = json.loads(content)
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}

    def _connected(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=SECONDS, context=self._context
        )
        connection.connect()
        if self._fingerprint and not hmac.compare_digest(_seen(connection.sock), self._fingerprint):
            seen = _seen(connection.sock)
            connection.close()
            raise ImportStoppedError("import-other-certificate", seen=seen)
        return connection


def _verdicts(files: list[Path], answer: dict[str, Any]) -> list[Verdict]:
    return [
        Verdict(
            files[int(one["name"])], one["verdict"] == "stored", one["verdict"] == "skipped", one["detail"]
        )
        for one in answer["files"]
    ]


def _refused(status: int, answer: dict[str, Any]) -> ImportStoppedError:
    detail = str(answer.get("detail", ""))
    if detail:
        return ImportStoppedError("import-refused", detail=detail)
    return ImportStoppedError("import-refused-silently", status=status)


def _seen(sock: Any) -> str:  # noqa: ANN401 - http.client's socket is untyped
    return hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()


def _zipped(files: list[Path]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files):
            archive.writestr(str(number), file.read_bytes())  # by number: a path may name a patient
    return whole.getvalue()

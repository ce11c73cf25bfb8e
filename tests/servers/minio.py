"""MinIO, built from its last source state and kept in the cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import urllib3

from tests.servers.certificates import Pair
from tests.servers.processes import Missing, Server, cache, free_port, required

MODULE: Final = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
USER: Final = "petfectior-tests"
SECRET: Final = "only-for-tests-on-localhost"  # noqa: S105 - of a server that lives for one test run


def program() -> Path:
    return cache() / "bin" / "minio"


def install() -> None:
    """Build it once: three minutes on two cores."""
    if program().exists():
        return
    environment = {**os.environ, "GOBIN": str(program().parent), "CGO_ENABLED": "0"}
    subprocess.run([required("go"), "install", MODULE], env=environment, check=True)


class MinIO:
    """An S3 server; `url` stays the same when it is stopped and started again.

    Parameters
    ----------
    tls
        Answer by HTTPS only, with this certificate.
    """

    def __init__(self, folder: Path, tls: Pair | None = None) -> None:
        if not program().exists():
            raise Missing("minio")
        folder.mkdir(parents=True, exist_ok=True)
        address = f"127.0.0.1:{free_port()}"
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{USER}:{SECRET}@{address}/petfectior"
        self._health = f"{scheme}://{address}/minio/health/live"
        self._trusted = str(tls.certificate) if tls else None
        command = [str(program()), "server", "--quiet", "--address", address]
        command += ["--console-address", f"127.0.0.1:{free_port()}", str(folder / "data")]
        if tls:
            kept = folder / "certificates"
            kept.mkdir()
            shutil.copy(tls.certificate, kept / "public.crt")
            shutil.copy(tls.key, kept / "private.key")
            command += ["--certs-dir", str(kept)]
        environment = {"MINIO_ROOT_USER": USER, "MINIO_ROOT_PASSWORD": SECRET, "HOME": str(folder)}
        self.server = Server(command, environment, folder / "log.txt", self._answers)

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.stop()

    def _answers(self) -> bool:
        asking = urllib3.PoolManager(retries=False, ca_certs=self._trusted)
        try:
            return asking.request("GET", self._health, timeout=2).status == 200
        except urllib3.exceptions.HTTPError:
            return False

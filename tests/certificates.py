"""Certificates for tests, made by openssl: an authority, and what it certifies."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import absent


@dataclass(frozen=True)
class Certified:
    """A key, its certificate, and both in one file."""

    key: Path
    certificate: Path
    together: Path


class Authority:
    """A certification authority of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / "authority.pem"
        _openssl(
            *"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj".split(),
            f"/CN=authority {folder.name}",
            "-keyout",
            folder / "authority.key",
            "-out",
            self.certificate,
        )

    def certify(self, name: str) -> Certified:
        """Return a new key with its certificate."""
        key, request, certificate = (self._folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        _openssl(*"req -newkey rsa:2048 -nodes -subj".split(), f"/CN={name}", "-keyout", key, "-out", request)
        _openssl(
            *"x509 -req -days 30 -CAcreateserial -in".split(),
            request,
            "-CA",
            self.certificate,
            "-CAkey",
            self._folder / "authority.key",
            "-out",
            certificate,
        )
        together = self._folder / f"{name}.pem"
        together.write_bytes(certificate.read_bytes() + key.read_bytes())
        return Certified(key, certificate, together)


def _openssl(*arguments: str | Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        absent("openssl")
    subprocess.run([str(program), *map(str, arguments)], check=True, capture_output=True)

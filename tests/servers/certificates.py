"""A certificate for a server on this machine, signed by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.servers.processes import required


class Pair(NamedTuple):
    """A certificate, which is its own authority, and its key."""

    certificate: Path
    key: Path


def make(folder: Path) -> Pair:
    """Make one for 127.0.0.1 that is valid for a day."""
    made = Pair(folder / "server.pem", folder / "server.key")
    command = [required("openssl"), *"req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1".split()]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return made

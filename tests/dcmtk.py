"""dcmtk's tools as real peers: storescu the sender, storescp the destination."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.stack import free_port, listens, wait_for
from tests.conftest import absent

# Without our own environment's programs: pynetdicom brings some of the same names.
PATH = os.pathsep.join(
    folder for folder in os.get_exec_path() if Path(folder).resolve() != Path(sys.prefix, "bin").resolve()
)
# Debian's dcmtk leaves Nagle's algorithm on; without this each instance costs 40 ms on loopback.
ENVIRONMENT = dict(os.environ, TCP_NODELAY="1")


def tool(name: str) -> str:
    """Return the path of a dcmtk tool, or say that it is absent."""
    found = shutil.which(name, path=PATH)
    if found is None:
        absent(f"dcmtk's {name} (apt-get install dcmtk)")
    return str(found)


def storescu(port: int, *arguments: str | Path, calling: str = "SCANNER") -> subprocess.CompletedProcess[str]:
    """Send files or folders to PETFECTIOR on loopback."""
    command = [tool("storescu"), "-v", "-aet", calling, "-aec", "PETFECTIOR", "127.0.0.1", str(port)]
    return subprocess.run(
        [*command, *map(str, arguments)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def echoscu(port: int, calling: str = "SCANNER") -> subprocess.CompletedProcess[str]:
    """Send a C-ECHO to PETFECTIOR on loopback."""
    command = [tool("echoscu"), "-v", "-aet", calling, "-aec", "PETFECTIOR", "127.0.0.1", str(port)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class StoreScp:
    """A running storescp."""

    port: int
    folder: Path

    def files(self) -> list[Path]:
        """Return what it received."""
        return sorted(self.folder.iterdir())


@contextlib.contextmanager
def storescp(folder: Path, *arguments: str, port: int | None = None) -> Iterator[StoreScp]:
    """Run a storescp that writes into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    listen = port or free_port()
    command = [tool("storescp"), "--output-directory", str(folder), "-uf", *arguments, str(listen)]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: listens(listen), "storescp does not listen", 10)
            yield StoreScp(listen, folder)
        finally:
            process.terminate()

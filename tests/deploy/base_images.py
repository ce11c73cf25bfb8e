"""What cannot be pulled here, made locally: Python, Debian, Go, RabbitMQ 4, a stand-in for MongoDB."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tests.deploy.engine import CACHE, REPOSITORY, Engine, compose, packages, say
from tests.deploy.waiting import again
from tests.servers import mongo

PYTHON: Final = "petfectior-test/python:3.11"
GO: Final = "petfectior-test/golang:1"
RABBITMQ: Final = "petfectior-test/rabbitmq:4.0"
MONGO: Final = "petfectior-test/mongo:stand-in"
IMAGES: Final = Path(__file__).parent / "images"
BUNDLE: Final = "/etc/ssl/certs/ca-certificates.crt"


def make(running: Engine) -> dict[str, str]:
    """Make the bases; return the settings by which docker-compose.yml takes them and names what it builds."""
    if not running.has(PYTHON):
        _import(running, PYTHON, "bookworm", "python3,python3-venv,ca-certificates,iproute2")
    if not running.has(GO):
        _go(running)
    if not running.has(RABBITMQ):
        _import(running, f"{RABBITMQ}-base", "trixie", "rabbitmq-server,ca-certificates")
        running.build(RABBITMQ, IMAGES / "rabbitmq", BASE=f"{RABBITMQ}-base")
    if not running.has(MONGO):
        _mongo(running)
    return {
        "PYTHON_IMAGE": PYTHON,
        "DEBIAN_IMAGE": PYTHON,
        "GO_IMAGE": GO,
        "RABBITMQ_IMAGE": RABBITMQ,
        "MONGO_IMAGE": MONGO,
        "PETFECTIOR_TAG": "test",
        "COMPOSE_FILE": f"{REPOSITORY}/docker-compose.yml",
    }


def ship(running: Engine, settings: Mapping[str, str]) -> None:
    """Build every image of docker-compose.yml, the demo's too, with the tag ``test``."""
    building = partial(compose, running, "--profile", "demo", "build", "--quiet", settings=settings)
    again(building, "building the images")


def _import(running: Engine, tag: str, suite: str, include: str) -> None:
    archive = CACHE / "base" / f"{suite}.tar"
    if not archive.exists():
        _debootstrap(archive, suite, include)
    changes = [
        f"ENV SSL_CERT_FILE={BUNDLE} PIP_CERT={BUNDLE} PIP_DISABLE_PIP_VERSION_CHECK=1",
        'CMD ["bash"]',
    ]
    running.docker("import", *(word for one in changes for word in ("-c", one)), str(archive), tag)


def _debootstrap(archive: Path, suite: str, include: str) -> None:
    """Make a Debian root that trusts what this machine trusts."""
    packages("debootstrap")
    say(f"making a base image of {suite}")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="petfectior-base-") as name:
        root = Path(name) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={include}", suite, str(root)]
        try:
            again(lambda: _logged(command, archive.with_suffix(".log")), f"debootstrap {suite}")
        except subprocess.CalledProcessError:
            sys.stderr.write(archive.with_suffix(".log").read_text()[-4000:])
            raise
        trusted = root / "etc/ssl/certs"
        shutil.rmtree(trusted)
        shutil.copytree("/etc/ssl/certs", trusted, ignore_dangling_symlinks=True)
        shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
        (root / "var/cache/apt/archives/partial").mkdir(parents=True)
        unfinished = archive.with_suffix(".unfinished")
        subprocess.run(["tar", "-C", str(root), "-cf", str(unfinished), "."], check=True)
        unfinished.rename(archive)


def _logged(command: list[str], log: Path) -> None:
    with log.open("wb") as output:
        subprocess.run(command, check=True, stdout=output, stderr=output)


def _go(running: Engine) -> None:
    """Put this machine's Go into an image."""
    if shutil.which("go") is None:
        packages("golang-go")
    asked = subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True)
    goroot = Path(asked.stdout.strip()).resolve()
    with tempfile.TemporaryDirectory(prefix="petfectior-go-") as name:
        context = Path(name)
        shutil.copytree(goroot, context / "go", symlinks=False, ignore_dangling_symlinks=True)
        (context / "Dockerfile").write_text(
            f"FROM {PYTHON}\nCOPY go /usr/local/go\n"
            "ENV PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin GOTOOLCHAIN=local GOPATH=/go\n"
        )
        running.build(GO, context)


def _mongo(running: Engine) -> None:
    with tempfile.TemporaryDirectory(prefix="petfectior-mongo-") as name:
        context = Path(name)
        shutil.copytree(IMAGES / "mongo", context, dirs_exist_ok=True)
        mongo.install()
        built = mongo.classes() / "build" / "target"
        for part in ("classes", "lib"):
            shutil.copytree(built / part, context / "server" / part)
        running.build(MONGO, context, BASE=PYTHON)

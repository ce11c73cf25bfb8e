"""``make compose-test``: the shipped Compose stack on an engine of its own, used, scaled and hurt.

::

    python -m tests.deploy.compose_test
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import requests

from tests.deploy import base_images, ways_out
from tests.deploy.engine import REPOSITORY, Engine, compose, end_cleanly, engine, say, tried
from tests.deploy.waiting import until
from tests.servers.processes import free_port

SERVICES: Final = ("scp", "anonymizer", "transfer", "rebuilder", "scu", "api")
SLICES: Final = 99
MATRIX: Final = 128
KILLED: Final = frozenset({"anonymize", "rebuild"})
DELIVERED: Final = re.compile(r'^\{"series".*\}$', re.MULTILINE)


@dataclass
class Stack:
    """The shipped stack under test."""

    running: Engine
    settings: dict[str, str]
    failures: list[str] = field(default_factory=list)

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run Compose with the demo's profile."""
        return compose(self.running, "--profile", "demo", *arguments, settings=self.settings, check=check)

    def containers(self, service: str) -> list[str]:
        """Return the running containers of a service."""
        return self.compose("ps", "-q", service).split()

    def expect(self, holds: object, what: str) -> None:
        """Note and print whether something holds."""
        say(f"{'ok  ' if holds else 'FAIL'} {what}")
        if not holds:
            self.failures.append(what)

    def ask(self, path: str) -> Any:
        """Return what the REST API answers."""
        address = f"http://{self.settings['PETFECTIOR_WEB_PUBLISH']}/api/v1/{path}"
        answer = requests.get(address, headers={"Authorization": f"Bearer {self.token}"}, timeout=20)
        answer.raise_for_status()
        return answer.json()

    @cached_property
    def token(self) -> str:
        """Make a token as an administrator would."""
        made = ["exec", "-T", "api", "run-service", "petfectior", "tokens", "add", "compose-test"]
        return self.compose(*made).strip()

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks, newest first."""
        found: list[dict[str, Any]] = self.ask("tasks")["tasks"]
        return found

    def task(self, task_id: str) -> dict[str, Any]:
        """Return one task."""
        found: dict[str, Any] = self.ask(f"tasks/{task_id}")
        return found

    def holder(self, task: dict[str, Any]) -> str:
        """Return the container that claimed the task's stage; its name is its replica's."""
        history = self.task(task["id"])["history"]
        return str(history[-1]["who"]) if history else ""

    def stages(self) -> list[str]:
        """Return where each task is; nothing while the api does not answer."""
        try:
            tasks = self.tasks()
        except OSError:
            return []
        return [f"{task['stage']}/{task['outcome'] or task['status']}" for task in tasks]

    def done(self) -> int:
        """Count the tasks that ended well."""
        return sum(task["status"] == "done" for task in self.tasks())

    def received(self) -> dict[str, dict[str, int]]:
        """Return what the workstation has, by series."""
        lines = DELIVERED.findall(self.compose("logs", "--no-log-prefix", "workstation"))
        found: dict[str, dict[str, int]] = json.loads(lines[-1])["series"] if lines else {}
        return found

    def instances(self) -> int:
        """Return how many instances the workstation has."""
        return sum(one["instances"] for one in self.received().values())

    def logs(self) -> str:
        """Return the last lines of all services."""
        return "\n".join(self.stages()) + self.compose("logs", "--tail", "15", check=False)[-12000:]

    def send(self, seed: int) -> dict[str, Any]:
        """Send one phantom through a scanner container."""
        scanner = ["simulator.scanner", "--to", "PETFECTIOR@scp:11115", "--size", f"{SLICES}x{MATRIX}"]
        answer = self.compose("run", "--rm", "--no-deps", "-T", "scanner", *scanner, "--seed", str(seed))
        sent: dict[str, Any] = json.loads(answer.strip().splitlines()[-1])
        return sent


def main() -> int:
    """Run the whole test; return the number of what failed."""
    end_cleanly()
    with tempfile.TemporaryDirectory(prefix="petfectior-compose-") as name, engine() as running:
        stack = Stack(running, _settings(running, Path(name)))
        try:
            _run(stack)
        except Exception as error:  # noqa: BLE001 - the report below shows it, and the stack is taken down
            stack.expect(holds=False, what=f"{type(error).__name__}: {error}")
            sys.stderr.write(stack.logs())
        finally:
            say("taking it down")
            stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "30", check=False)
    left = subprocess.run(["pgrep", "-f", f"{running.folder}"], capture_output=True, text=True, check=False)
    stack.expect(not left.stdout.strip(), "nothing is left running")
    say(f"{len(stack.failures)} failed" if stack.failures else "compose-test passed")
    return len(stack.failures)


def _settings(running: Engine, folder: Path) -> dict[str, str]:
    """Make bases and secrets; the stand-in for MongoDB has neither users nor a replica set."""
    began = time.monotonic()
    settings = base_images.make(running)
    say(f"base images are there ({time.monotonic() - began:.0f} s)")
    kept = folder / "secrets"
    subprocess.run(
        [str(REPOSITORY / "deploy/docker/make-secrets"), "--no-env", str(kept)],
        check=True,
        capture_output=True,
    )
    store = kept / "petfectior_store_url"
    store.chmod(0o644)
    store.write_text("mongodb://mongo:27017/petfectior")
    return settings | {
        "COMPOSE_PROJECT_NAME": "petfectior-test",
        "PETFECTIOR_SECRETS": str(kept),
        "PETFECTIOR_DICOM_PUBLISH": f"127.0.0.1:{free_port()}",
        "PETFECTIOR_WEB_PUBLISH": f"127.0.0.1:{free_port()}",
    }


def _run(stack: Stack) -> None:
    _refuses_without_secrets(stack)
    _timed("every image is built", lambda: base_images.ship(stack.running, stack.settings))
    _timed("the stack is up and healthy", lambda: stack.compose("up", "-d", "--wait", "--scale", "scanner=0"))
    _one_series(stack)
    ways_out.check(stack)
    _five_series_with_a_kill(stack)
    _restart_keeps_everything(stack)
    _timed("the bus keeps its contract on RabbitMQ 4", lambda: _bus_contract(stack))


def _timed(what: str, act: Any) -> None:
    began = time.monotonic()
    act()
    say(f"ok   {what} ({time.monotonic() - began:.0f} s)")


def _refuses_without_secrets(stack: Stack) -> None:
    bare = {name: value for name, value in stack.settings.items() if name != "PETFECTIOR_SECRETS"}
    done = tried(stack.running, "--env-file", "/dev/null", "up", "--detach", settings=bare)
    stack.expect(done.returncode, "without secrets it refuses to start")
    stack.expect("run deploy/docker/make-secrets" in done.stderr, "and says how to make them")


def _one_series(stack: Stack) -> None:
    sent = stack.send(1)
    stack.expect(sent["accepted"] == sent["sent"] == SLICES, "the scanner's series is accepted")
    began = time.monotonic()
    until(lambda: stack.done() == 1, 600, "the first series does not arrive", stack.logs, every=1)
    say(f"     it took {time.monotonic() - began:.0f} s after the last slice")
    _arrived_once(stack, 1)


def _five_series_with_a_kill(stack: Stack) -> None:
    scaled = [word for name in ("anonymizer", "rebuilder", "scu") for word in ("--scale", f"{name}=2")]
    stack.compose("up", "-d", "--wait", "--no-recreate", "--scale", "scanner=0", *scaled)
    for name in ("anonymizer", "rebuilder", "scu"):
        stack.expect(len(stack.containers(name)) == 2, f"{name} runs twice")
    with ThreadPoolExecutor(6) as pool:
        killed = pool.submit(_kill_in_mid_stage, stack)
        sent = list(pool.map(stack.send, range(2, 7)))
        killed.result()
    stack.expect(all(one["accepted"] == SLICES for one in sent), "five series at once are accepted")
    until(lambda: stack.done() == 6, 900, "not all series arrive", stack.logs, every=1)
    _arrived_once(stack, 6)


def _kill_in_mid_stage(stack: Stack) -> None:
    """Kill the container that holds a lease, with the stage surely not over; the engine starts it again."""
    stage, container = until(lambda: _held(stack), 600, "no container is caught in its stage", every=0.01)
    pid = int(stack.running.docker("inspect", "--format", "{{.State.Pid}}", container))
    os.kill(pid, signal.SIGKILL)
    stack.running.docker("unpause", container)
    say(f"     killed {container} in the middle of {stage}")


def _held(stack: Stack) -> tuple[str, str] | None:
    """Freeze the container at work on a task and look again; None, and thawed, if it was done by then."""
    for task in stack.tasks():
        if task["status"] != "working" or task["stage"] not in KILLED:
            continue
        container = stack.holder(task)
        if container and _frozen_at_work(stack, task, container):
            return task["stage"], container
    return None


def _frozen_at_work(stack: Stack, task: dict[str, Any], container: str) -> bool:
    stack.running.docker("pause", container)
    now = stack.task(task["id"])
    if (now["status"], now["stage"]) == ("working", task["stage"]) and stack.holder(task) == container:
        return True
    stack.running.docker("unpause", container)
    return False


def _arrived_once(stack: Stack, count: int) -> None:
    # Its log may lag behind the answer that ended the last task.
    until(lambda: stack.instances() >= count * SLICES, 60, "slices are missing", stack.logs, every=1)
    series = stack.received()
    stack.expect(len(series) == count, f"{count} derived series are at the workstation")
    twice = [one for one in series.values() if one["instances"] != SLICES]
    stack.expect(not twice, "each with every slice")
    sent = sum(one["count"] for one in series.values())
    stack.expect(sent == sum(one["instances"] for one in series.values()), "and no slice twice")


def _restart_keeps_everything(stack: Stack) -> None:
    restarted = ("anonymizer", "rebuilder", "scu")
    stack.compose("restart", "--timeout", "30", *restarted)
    until(lambda: _healthy(stack, restarted), 300, "the restarted do not get well", stack.logs, every=1)
    stack.expect(stack.done() == 6, "after a restart all tasks are still done")
    _arrived_once(stack, 6)


def _bus_contract(stack: Stack) -> None:
    """Run the contract tests of the bus against the stack's broker, in a virtual host of their own."""
    [broker] = stack.containers("rabbitmq")
    word = secrets.token_hex(16)
    for command in (
        ("add_vhost", "contract"),
        ("add_user", "contract", word),
        ("set_permissions", "-p", "contract", "contract", ".*", ".*", ".*"),
    ):
        stack.running.docker("exec", broker, "rabbitmqctl", "-q", *command)
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = stack.running.docker("inspect", "--format", form, broker).strip()
    url = f"amqp://contract:{word}@{address}:5672/contract"
    asked = [sys.executable, "-m", "pytest", "-q", "tests/contract/test_rabbitmq.py"]
    done = subprocess.run(
        asked,
        cwd=REPOSITORY,
        env=dict(os.environ, PETFECTIOR_TEST_RABBITMQ_URL=url),
        capture_output=True,
        text=True,
        check=False,
    )
    say(f"     {done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-500:]}")
    stack.expect(done.returncode == 0, "every contract test of the bus passes")
    if done.returncode:
        sys.stderr.write(done.stdout[-6000:])


def _healthy(stack: Stack, services: Sequence[str]) -> bool:
    form = "{{.State.Health.Status}}"
    containers = [one for service in services for one in stack.containers(service)]
    states = stack.running.docker("inspect", "--format", form, *containers).split()
    return states == ["healthy"] * (2 * len(services))


if __name__ == "__main__":
    sys.exit(main())

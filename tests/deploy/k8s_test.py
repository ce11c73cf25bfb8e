"""``make k8s-test``: the single-node overlay on a real one-node cluster; a pod is deleted in its stage.

It builds the images that ``make compose-test`` has not built yet. This cluster's bridge network enforces no
NetworkPolicy.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import requests

from tests.deploy import base_images
from tests.deploy.cluster import Cluster, cluster
from tests.deploy.engine import REPOSITORY, Engine, end_cleanly, engine, say
from tests.deploy.waiting import until

OURS: Final = tuple(
    f"petfectior/{name}:test"
    for name in ("scp", "anonymizer", "transfer", "rebuilder", "scu", "api", "minio", "simulator")
)
OTHERS: Final = (base_images.RABBITMQ, base_images.MONGO)
PAUSE: Final = "petfectior-test/pause:1"
SPOOL: Final = Path("/var/tmp/petfectior-k8s-spool")  # noqa: S108 - what spool.yaml names
STAGE: Final = ("anonymize", "anonymizer")
STEP_SECONDS: Final = 0.004
NAMESPACES: Final = ("around", "petfectior")
SLICES: Final = 199
URLS: Final = {"rabbitmq:5672": "10.97.0.10:5672", "minio:9000": "10.97.0.11:9000"}


@dataclass
class Deployed:
    """The overlay on a cluster."""

    on: Cluster
    failures: list[str] = field(default_factory=list)

    def expect(self, holds: object, what: str) -> None:
        """Note and print whether something holds."""
        say(f"{'ok  ' if holds else 'FAIL'} {what}")
        if not holds:
            self.failures.append(what)

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Run kubectl in the product's namespace."""
        return self.on.kubectl("-n", "petfectior", *arguments, check=check)

    def ask(self, path: str) -> Any:
        """Return what the REST API answers on the node's port."""
        address = f"http://{self.node()}:30800/api/v1/{path}"
        answer = requests.get(address, headers={"Authorization": f"Bearer {self.token}"}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    @cached_property
    def token(self) -> str:
        """Make a token as an administrator would."""
        made = ["exec", "deploy/api", "--", "run-service", "petfectior", "tokens", "add", "k8s-test"]
        return self.kubectl(*made).strip()

    def node(self) -> str:
        """Return the node's address."""
        form = "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}"
        return self.on.kubectl("get", "nodes", "-o", form)

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks with their histories."""
        return [self.ask(f"tasks/{task['id']}") for task in self.ask("tasks")["tasks"]]

    def process(self, pod: str) -> int:
        """Return the id, on this machine, of the first process of a pod's only container."""
        form = "jsonpath={.status.containerStatuses[0].containerID}"
        container = self.kubectl("get", "pod", pod, "-o", form).removeprefix("containerd://")
        lines = [line.split() for line in self.on.ctr("tasks", "ls").splitlines()]
        return next(int(line[1]) for line in lines if line[0] == container)

    def explain(self) -> str:
        """Return what a person would look at first: pods, events, the tasks, the end of every log."""
        parts = [
            self.on.kubectl("get", "pods,services", "-A", "-o", "wide", check=False),
            self.on.kubectl("get", "events", "-A", "--sort-by=.lastTimestamp", check=False)[-5000:],
        ]
        for namespace in NAMESPACES:
            names = self.on.kubectl("-n", namespace, "get", "pods", "-o", "name", check=False).split()
            for name in names:
                log = self.on.kubectl("-n", namespace, "logs", "--tail=30", name, check=False)
                parts.append(f"-- {namespace} {name}\n{log}")
        try:
            parts += [json.dumps(task, indent=1) for task in self.tasks()]
        except (OSError, subprocess.CalledProcessError) as error:
            parts.append(f"the api tells no tasks: {error}")
        return "\n".join([*parts, self.on.log("kubelet")])


def main() -> int:
    """Run the whole test; return the number of what failed."""
    end_cleanly()
    with tempfile.TemporaryDirectory(prefix="petfectior-k8s-images-") as name:
        archive = Path(name) / "images.tar"
        _save_images(archive)
        shutil.rmtree(SPOOL, ignore_errors=True)
        SPOOL.mkdir(parents=True)
        os.chown(SPOOL, 10001, 10001)
        began = time.monotonic()
        try:
            with cluster(f"docker.io/{PAUSE}") as on:
                say(f"ok   the node is ready ({time.monotonic() - began:.0f} s)")
                on.ctr("images", "import", str(archive))
                deployed = Deployed(on)
                try:
                    _run(deployed, Path(name))
                except Exception as error:  # noqa: BLE001 - reported below; the cluster must be stopped
                    deployed.expect(holds=False, what=f"{type(error).__name__}: {error}")
                    sys.stderr.write(deployed.explain())
        finally:
            shutil.rmtree(SPOOL, ignore_errors=True)
    left = subprocess.run(["pgrep", "-f", str(on.folder)], capture_output=True, text=True, check=False)
    deployed.expect(not left.stdout.strip(), "nothing is left running")
    say(f"{len(deployed.failures)} failed" if deployed.failures else "k8s-test passed")
    return len(deployed.failures)


def _save_images(archive: Path) -> None:
    with engine() as running:
        # Compose wants to be told of secrets, if only to build.
        base_images.ship(running, base_images.make(running) | {"PETFECTIOR_SECRETS": "/nonexistent"})
        _pause(running)
        running.docker("save", "-o", str(archive), *OURS, *OTHERS, PAUSE)


def _pause(running: Engine) -> None:
    """Make the sandbox's image: any that sleeps."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "Dockerfile").write_text(f'FROM {base_images.PYTHON}\nCMD ["sleep", "infinity"]\n')
        running.build(PAUSE, Path(name))


def _run(deployed: Deployed, folder: Path) -> None:
    _secrets(deployed, folder)
    overlay = REPOSITORY / "tests" / "deploy" / "k8s"
    deployed.on.kubectl("apply", "-k", str(overlay))
    began = time.monotonic()
    for namespace in NAMESPACES:
        until(
            partial(_available, deployed, namespace),
            600,
            f"{namespace} is not up",
            deployed.explain,
            every=1,
        )
    deployed.expect(holds=True, what=f"every pod is ready ({time.monotonic() - began:.0f} s)")
    _configure(deployed)
    _series_with_a_deletion(deployed)


def _secrets(deployed: Deployed, folder: Path) -> None:
    secrets = folder / "secrets"
    subprocess.run(
        [str(REPOSITORY / "deploy/docker/make-secrets"), "--no-env", str(secrets)],
        check=True,
        capture_output=True,
    )
    connections = {
        "petfectior_store_url": "mongodb://10.97.0.12:27017/petfectior",
        **{
            name: _addressed((secrets / name).read_text())
            for name in ("petfectior_broker_url", "petfectior_blob_url")
        },
    }
    for namespace in NAMESPACES:
        deployed.on.kubectl("create", "namespace", namespace)
    literals = [f"--from-literal={name}={value}" for name, value in connections.items()]
    deployed.kubectl("create", "secret", "generic", "petfectior-connections", *literals)
    server = [f"--from-file={secrets / name}" for name in ("petfectior_server_token", "server_ca")]
    deployed.kubectl("create", "secret", "generic", "petfectior-server", *server)
    files = [*secrets.iterdir(), *(REPOSITORY / "deploy" / "rabbitmq").iterdir()]
    around = [f"--from-file={path}" for path in files]
    deployed.on.kubectl("-n", "around", "create", "secret", "generic", "around", *around)


def _addressed(url: str) -> str:
    for name, address in URLS.items():
        url = url.replace(name, address)
    return url


def _available(deployed: Deployed, namespace: str) -> bool:
    form = "jsonpath={range .items[*]}{.status.replicas}={.status.readyReplicas} {end}"
    counts = deployed.on.kubectl("-n", namespace, "get", "deployments,statefulsets", "-o", form, check=False)
    pairs = [pair.split("=") for pair in counts.split()]
    return bool(pairs) and all(wanted == ready and wanted for wanted, ready in pairs)


def _configure(deployed: Deployed) -> None:
    def petfectior(*arguments: str) -> None:
        deployed.kubectl("exec", "deploy/api", "--", "run-service", "petfectior", *arguments)

    petfectior("settings", "set", "server_url", "https://processing-server:8443")
    petfectior("settings", "set", "server_ca", "/run/secrets/petfectior/server_ca")
    petfectior("settings", "set", "client_id", "k8s-test")
    petfectior("devices", "add", "ws", "--to", "WORKSTATION@10.97.0.14:11112", "--destination")


def _series_with_a_deletion(deployed: Deployed) -> None:
    [pod] = _pods(deployed, STAGE[1])
    process = deployed.process(pod)
    os.kill(process, signal.SIGSTOP)
    scanner = [
        "-m",
        "simulator.scanner",
        "--to",
        f"PETFECTIOR@{deployed.node()}:31115",
        "--size",
        f"{SLICES}x128",
    ]
    sent = subprocess.run(
        [sys.executable, *scanner], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    deployed.expect(json.loads(sent.stdout)["accepted"] == SLICES, "the series is accepted")
    until(lambda: _stage(deployed) == STAGE[0], 300, "the series is not evaluated")
    until(lambda: _stepped_to_work(deployed, process, pod), 300, "the stage never began", every=0)
    # The frozen process sees no SIGTERM, so it ends by SIGKILL without another step of its stage.
    deployed.kubectl("delete", "pod", pod, "--grace-period=1", "--timeout=120s")
    say(f"     deleted {pod} in the middle of {STAGE[0]}")
    began = time.monotonic()
    until(lambda: _status(deployed) == "done", 600, "the series does not arrive", every=1)
    say(f"     it arrived {time.monotonic() - began:.0f} s after the deletion")
    [task] = deployed.tasks()
    # Equal entries of the history fold into one, which counts them and names the last.
    claims = [one for one in task["history"] if (one["stage"], one["status"]) == (STAGE[0], "working")]
    deployed.expect(sum(one["count"] for one in claims) > 1, "the stage was claimed again")
    deployed.expect(claims[-1]["who"] != pod, "and done by another pod")
    _arrived_once(deployed)


def _pods(deployed: Deployed, component: str) -> list[str]:
    chosen = f"app.kubernetes.io/component={component}"
    return deployed.kubectl("get", "pods", "-l", chosen, "-o", "jsonpath={.items[*].metadata.name}").split()


def _stepped_to_work(deployed: Deployed, process: int, pod: str) -> bool:
    """Let the frozen process run for a moment; tell whether the task store says that it is at work now.

    Raises
    ------
    AssertionError
        If it got past its work unseen.
    """
    os.kill(process, signal.SIGCONT)
    threading.Event().wait(STEP_SECONDS)
    os.kill(process, signal.SIGSTOP)
    [task] = deployed.tasks()
    if task["stage"] != STAGE[0]:
        raise AssertionError(f"{STAGE[0]} was over before it could be caught")
    return bool(task["status"] == "working" and task["history"][-1]["who"] == pod)


def _stage(deployed: Deployed) -> str:
    tasks = deployed.ask("tasks")["tasks"]
    return str(tasks[0]["stage"]) if len(tasks) == 1 else ""


def _status(deployed: Deployed) -> str:
    tasks = deployed.ask("tasks")["tasks"]
    return str(tasks[0]["status"]) if len(tasks) == 1 else ""


def _arrived_once(deployed: Deployed) -> None:
    # Its log may lag behind the answer that ended the task.
    until(lambda: _received(deployed) >= SLICES, 60, "slices are missing at the workstation", every=1)
    deployed.expect(
        _received(deployed) == SLICES, "the derived series is at the workstation, every slice, once"
    )


def _received(deployed: Deployed) -> int:
    """Return how often a slice came, or 0 while some slice is missing."""
    lines = deployed.on.kubectl("-n", "around", "logs", "deploy/workstation").splitlines()
    [series] = json.loads(lines[-1])["series"].values()
    return int(series["count"]) if series["instances"] == SLICES else 0


if __name__ == "__main__":
    sys.exit(main())

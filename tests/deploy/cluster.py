"""A one-node Kubernetes cluster of real components, on this machine only, gone after the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.deploy import cluster_files, firewall
from tests.deploy.cluster_files import ADDRESS, BRIDGE, NODE, SERVICES
from tests.deploy.engine import packages, say
from tests.deploy.programs import programs
from tests.deploy.waiting import until
from tests.servers.processes import free_port

RULES: Final = rf"KUBE-|CNI-|{BRIDGE}|\b10\.9[67]\."
"""What this cluster's rules and chains are known by."""


@dataclass
class Cluster:
    """A running cluster."""

    folder: Path
    binaries: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    before: frozenset[str] = field(default_factory=lambda: frozenset(_namespaces()))

    @property
    def namespaces(self) -> list[str]:
        """Return the network namespaces that pods have left since the start."""
        return [name for name in _namespaces() if name.startswith("cni-") and name not in self.before]

    @property
    def configuration(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self.folder / cluster_files.KUBECONFIG

    @property
    def containerd(self) -> Path:
        """Return containerd's socket."""
        return self.folder / cluster_files.SOCKET

    def kubectl(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """Run kubectl; return its output."""
        done = subprocess.run(
            [str(self.binaries / "kubectl"), "--kubeconfig", str(self.configuration), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
            raise subprocess.CalledProcessError(done.returncode, ["kubectl", *arguments])
        return done.stdout

    def ctr(self, *arguments: str, check: bool = True) -> str:
        """Run containerd's client in Kubernetes' namespace."""
        command = ["ctr", "--address", str(self.containerd), "-n", "k8s.io", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=check).stdout

    def start(self, name: str, *command: str) -> None:
        """Start a component; its log is NAME.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def log(self, name: str) -> str:
        """Return the end of a component's log."""
        return (self.folder / f"{name}.log").read_text()[-3000:]


def _namespaces() -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False)
    return [line.split()[0] for line in listed.stdout.splitlines() if line]


@contextmanager
def cluster(pause: str) -> Iterator[Cluster]:
    """Start a cluster and take it down again.

    Parameters
    ----------
    pause
        Image that sleeps: the sandbox of every pod. Import it before the first pod.
    """
    packages("containerd", "containernetworking-plugins", "etcd-server", "iptables", "iproute2", "openssl")
    binaries = programs()
    folder = Path(tempfile.mkdtemp(prefix="petfectior-k8s-"))
    started = Cluster(folder, binaries, {name: free_port() for name in ("etcd", "peer", "api")})
    with firewall.restored(RULES):
        try:
            subprocess.run(["ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
            cluster_files.write(folder, started.ports["api"], pause)
            with _bridged():
                _start(started)
                yield started
        finally:
            _stop(started)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _bridged() -> Iterator[None]:
    """Let pods of one bridge talk by a Service: answers pass iptables, and its policy lets them through."""
    passing = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    before = passing.read_text()
    passing.write_text("1")
    rules = [["FORWARD", way, BRIDGE, "-j", "ACCEPT"] for way in ("-i", "-o")]
    for rule in rules:
        subprocess.run(["iptables", "-I", *rule], check=True)
    try:
        yield
    finally:
        for rule in rules:
            subprocess.run(["iptables", "-D", *rule], check=False)
        passing.write_text(before)


def _start(one: Cluster) -> None:
    folder, run = one.folder, one.binaries
    etcd = f"http://127.0.0.1:{one.ports['etcd']}"
    one.start(
        "etcd",
        "etcd",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={etcd}",
        f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls=http://127.0.0.1:{one.ports['peer']}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{one.ports['peer']}",
        f"--initial-cluster=default=http://127.0.0.1:{one.ports['peer']}",
        "--unsafe-no-fsync",
    )
    one.start("containerd", "containerd", "--config", str(folder / "containerd.toml"))
    one.start(
        "kube-apiserver",
        str(run / "kube-apiserver"),
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={one.ports['api']}",
        f"--advertise-address={ADDRESS}",
        "--endpoint-reconciler-type=none",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={folder / 'admin.crt'}",
        f"--kubelet-client-key={folder / 'admin.key'}",
        f"--tls-cert-file={folder / 'api.crt'}",
        f"--tls-private-key-file={folder / 'api.key'}",
        f"--client-ca-file={folder / 'ca.crt'}",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
    )
    until(lambda: "ok" in one.kubectl("get", "--raw", "/readyz", check=False), 90, "no API server")
    kubeconfig = f"--kubeconfig={one.configuration}"
    one.start(
        "kube-controller-manager",
        str(run / "kube-controller-manager"),
        kubeconfig,
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'ca.crt'}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    )
    one.start(
        "kube-scheduler",
        str(run / "kube-scheduler"),
        kubeconfig,
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    )
    one.start(
        "kubelet",
        str(run / "kubelet"),
        kubeconfig,
        f"--config={folder / 'kubelet.yaml'}",
        f"--root-dir={folder / 'kubelet'}",
        f"--cert-dir={folder / 'kubelet-certificates'}",
        f"--hostname-override={NODE}",
        f"--node-ip={ADDRESS}",
    )
    one.start(
        "kube-proxy",
        str(run / "kube-proxy"),
        f"--config={folder / 'proxy.yaml'}",
        f"--hostname-override={NODE}",
    )
    until(lambda: _ready(one), 120, "the node does not get ready", lambda: one.log("kubelet"))


def _ready(one: Cluster) -> bool:
    if one.processes["kube-proxy"].poll() is not None:
        raise RuntimeError(one.log("kube-proxy"))
    form = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
    return one.kubectl("get", "nodes", "-o", form, check=False) == "True"


def _stop(one: Cluster) -> None:
    """Stop the kubelet first, so that nothing comes back; then every container, then the rest."""
    for name in ("kubelet", "kube-scheduler", "kube-controller-manager", "kube-proxy"):
        _end(one, name)
    if "containerd" in one.processes:
        for line in one.ctr("tasks", "ls", "-q", check=False).split():
            one.ctr("tasks", "kill", "--signal", "SIGKILL", line, check=False)
        with contextlib.suppress(TimeoutError):
            until(lambda: not _running(one), 20, "containers do not stop")
        for line in one.ctr("tasks", "ls", "-q", check=False).split():
            one.ctr("tasks", "delete", "--force", line, check=False)
    for name in ("kube-apiserver", "etcd", "containerd"):
        _end(one, name)
    _end_shims(one)
    _unmount(one.folder)
    subprocess.run(
        [str(one.binaries / "kube-proxy"), "--cleanup", f"--config={one.folder / 'proxy.yaml'}"],
        capture_output=True,
        check=False,
    )
    # A namespace with a connection that is not quite closed lives on for minutes, and so does its link.
    for link in (*_links(), BRIDGE):
        subprocess.run(["ip", "link", "del", link], capture_output=True, check=False)
    for namespace in one.namespaces:
        subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)
    subprocess.run(["ip", "addr", "del", f"{ADDRESS}/32", "dev", "lo"], capture_output=True, check=False)


def _links() -> list[str]:
    command = ["ip", "-o", "link", "show", "master", BRIDGE]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line.split()[1].partition("@")[0] for line in listed.stdout.splitlines()]


def _running(one: Cluster) -> bool:
    return "RUNNING" in one.ctr("tasks", "ls", check=False)


def _end(one: Cluster, name: str) -> None:
    process = one.processes.get(name)
    if process is None:
        return
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_shims(one: Cluster) -> None:
    """End the shims of this cluster's containerd, found by its socket among their arguments."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            arguments = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            if "containerd-shim" in arguments and str(one.containerd) in arguments:
                os.kill(int(entry.name), signal.SIGKILL)


def _unmount(folder: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((one for one in mounts if one.startswith(str(folder))), reverse=True):
        subprocess.run(["umount", "-l", mount], capture_output=True, check=False)
    say("the cluster is gone")

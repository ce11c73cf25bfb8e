"""Every way out of the networks that a container has and should not have is tried from inside it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.deploy.engine import say

if TYPE_CHECKING:
    from tests.deploy.compose_test import Stack

OUTSIDE: Final = "198.18.77.2"
GATEWAY: Final = "198.18.77.1"
PORT: Final = 7777
NAMESPACE: Final = "petfectior-lan"
MAY_LEAVE: Final = frozenset({"scu", "transfer"})
SERVICES: Final = ("scp", "anonymizer", "transfer", "rebuilder", "scu", "api", "rabbitmq", "minio", "mongo")
PEERS: Final = {
    "scp": ("processing-server:8443", "workstation:11112", "api:8000"),
    "api": ("processing-server:8443", "workstation:11112"),
    "anonymizer": ("processing-server:8443", "workstation:11112"),
    "rebuilder": ("processing-server:8443", "workstation:11112"),
    "transfer": ("workstation:11112",),
    "scu": ("processing-server:8443",),
}
"""Service → what it has no business with. scp and api share the broker's network, where api answers."""
LISTEN: Final = """
import socket
server = socket.create_server(("{}", {}))
print("on", flush=True)
while True:
    server.accept()
"""
DIAL: Final = "timeout 4 bash -c 'exec 3<>/dev/tcp/{}/{}'"


def check(stack: Stack) -> None:
    """Try, and note what got out."""
    with _host_outside():
        for service in SERVICES:
            out = _dials(stack, service, OUTSIDE, PORT)
            may = service in MAY_LEAVE
            stack.expect(out == may, f"{service} {'reaches' if may else 'does not reach'} the world outside")
    for service in SERVICES:
        if service not in MAY_LEAVE:
            stack.expect(_resolves(stack, service, "minio"), f"{service} resolves a name inside")
            stack.expect(not _resolves(stack, service, "debian.org"), f"{service} resolves no name outside")
    for service, peers in PEERS.items():
        for peer in peers:
            host, _, port = peer.partition(":")
            address = _address(stack, host)
            if (service, host) != ("scp", "api"):
                stack.expect(
                    not _dials(stack, service, address, int(port)), f"{service} does not reach {host}"
                )


def _dials(stack: Stack, service: str, host: str, port: int) -> bool:
    inside = ["exec", "-T", service, "sh", "-c", f"{DIAL.format(host, port)} && echo through || true"]
    return "through" in stack.compose(*inside, check=False)


def _resolves(stack: Stack, service: str, name: str) -> bool:
    inside = ["exec", "-T", service, "sh", "-c", f"timeout 8 getent hosts {name} && echo known || true"]
    return "known" in stack.compose(*inside, check=False)


def _address(stack: Stack, service: str) -> str:
    container = stack.containers(service)[0]
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    return stack.running.docker("inspect", "--format", form, container).split()[0]


@contextmanager
def _host_outside() -> Iterator[None]:
    """Put a host beside this one: a network namespace that knows nothing of the containers' addresses."""
    run = ["ip", "netns", "exec", NAMESPACE]
    _ip("netns", "add", NAMESPACE)
    listener: subprocess.Popen[bytes] | None = None
    try:
        _ip("link", "add", "pf-lan", "type", "veth", "peer", "name", "pf-lan-peer", "netns", NAMESPACE)
        _ip("addr", "add", f"{GATEWAY}/24", "dev", "pf-lan")
        _ip("link", "set", "pf-lan", "up")
        _ip("-n", NAMESPACE, "addr", "add", f"{OUTSIDE}/24", "dev", "pf-lan-peer")
        _ip("-n", NAMESPACE, "link", "set", "pf-lan-peer", "up")
        program = LISTEN.format(OUTSIDE, PORT)
        listener = subprocess.Popen([*run, "python3", "-c", program], stdout=subprocess.PIPE)
        if listener.stdout is None or not listener.stdout.readline():
            raise RuntimeError("the host outside does not listen")
        say("     a host outside the containers' networks listens")
        yield
    finally:
        if listener is not None:
            listener.kill()
            listener.wait()
        _ip("netns", "del", NAMESPACE)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)

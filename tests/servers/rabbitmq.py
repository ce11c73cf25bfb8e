"""RabbitMQ of Debian (3.10): one node of its own name, ports and data."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pika
from pika.exceptions import AMQPError

from tests.servers.certificates import Pair
from tests.servers.processes import Missing, Server, free_port, required

SCRIPT: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def install() -> None:
    """Install Debian's package without starting its own service."""
    if SCRIPT.exists():
        return
    environment = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "rabbitmq-server"]
    subprocess.run([*environment, *install], check=True)


class RabbitMQ:
    """A broker; `url` stays the same when it is stopped and started again.

    Parameters
    ----------
    tls
        Take connections by TLS only, with this certificate. The virtual host has a name then.
    """

    def __init__(self, folder: Path, tls: Pair | None = None) -> None:
        if not SCRIPT.exists():
            raise Missing("rabbitmq-server")
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = (
            f"amqps://guest:guest@127.0.0.1:{port}/hospital"
            if tls
            else f"amqp://guest:guest@127.0.0.1:{port}/%2F"
        )
        self._epmd = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(free_port())}
        self.server = Server(
            [str(SCRIPT)], self._environment(folder, port, tls), folder / "log.txt", self._answers
        )

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
        if shutil.which("epmd"):
            subprocess.run(["env", *_assignments(self._epmd), required("epmd"), "-kill"], check=False)

    def _environment(self, folder: Path, port: int, tls: Pair | None) -> dict[str, str]:
        lines = ["vm_memory_high_watermark.relative = 0.4", "disk_free_limit.absolute = 50MB"]
        if tls:
            lines += [
                "listeners.tcp = none",
                f"listeners.ssl.default = 127.0.0.1:{port}",
                f"ssl_options.certfile = {tls.certificate}",
                f"ssl_options.keyfile = {tls.key}",
                "default_vhost = hospital",
            ]
        (folder / "rabbitmq.conf").write_text("\n".join([*lines, ""]), encoding="ascii")
        return {
            **self._epmd,
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"petfectior-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _answers(self) -> bool:
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except (AMQPError, OSError):
            return False
        return True


def _assignments(values: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]

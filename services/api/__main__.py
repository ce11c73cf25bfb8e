"""``python -m services.api``: the web pages and the REST API; it also keeps the blob store's house."""

from __future__ import annotations

from functools import partial

from petfectior import blob_sweep, certificate, retention
from petfectior.service import Ports, Room, run
from services.api.app import application
from services.api.measuring import keep_measuring
from services.api.server import server


def build(ports: Ports) -> Room:
    """Return the api's loops: the HTTP server, the sweep of blobs that no task names, and the gauges."""
    base = ports.base
    serve = server(application(ports), base.api_host, base.api_port, certificate.files(base))
    sweep = partial(blob_sweep.run, ports.blobs, ports.tasks)
    return Room(loops=[serve, sweep, partial(keep_measuring, ports), partial(retention.run, ports)])


if __name__ == "__main__":
    run("api", build)

"""``python -m services.transfer``: brings packages to the server and results home."""

from __future__ import annotations

import threading
from functools import partial

from petfectior.events import EventKey
from petfectior.handling import Answer, Claim
from petfectior.service import Ports, Room, run
from services.transfer import erasure, monitor, polling
from services.transfer.check import check
from services.transfer.client import connector
from services.transfer.download import download
from services.transfer.upload import upload


def build(ports: Ports) -> Room:
    """Return the handlers and loops of the transfer service."""
    connect = connector(ports.settings)

    def uploading(claim: Claim) -> Answer:
        return upload(claim, ports.registry, ports.blobs, connect, ports.settings())

    def checking(claim: Claim) -> Answer:
        return check(claim, ports.registry, connect, ports.settings())

    def downloading(claim: Claim) -> Answer:
        return download(claim, ports.registry, ports.blobs, connect)

    def erasing(stop: threading.Event) -> None:
        erasure.keep_erasing(ports.tasks, ports.registry, connect, stop)

    return Room(
        handlers={
            EventKey.PACKAGE_CREATED: uploading,
            EventKey.JOB_SUBMITTED: checking,
            EventKey.RESULT_AVAILABLE: downloading,
        },
        loops=(
            partial(polling.poll, ports.tasks, ports.bus, connect, ports.base.replica),
            partial(monitor.watch, ports.tasks, ports.bus, ports.registry, connect),
            erasing,
        ),
    )


if __name__ == "__main__":
    run("transfer", build)

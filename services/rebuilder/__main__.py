"""The rebuilder container's command: builds derived series."""

from __future__ import annotations

from petfectior.events import EventKey
from petfectior.handling import Answer, Claim
from petfectior.service import Ports, Room, run
from services.rebuilder.rebuild import rebuild


def build(ports: Ports) -> Room:
    """Bind the handler to its ports; settings are read anew for every task."""

    def handle(claim: Claim) -> Answer:
        return rebuild(claim, blobs=ports.blobs, registry=ports.registry, settings=ports.settings())

    return Room(handlers={EventKey.RESULT_DOWNLOADED: handle})


if __name__ == "__main__":
    run("rebuilder", build)

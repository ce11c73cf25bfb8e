"""The scu container's command: sends derived series to their destinations."""

from __future__ import annotations

from petfectior.events import EventKey
from petfectior.handling import Answer, Claim
from petfectior.service import Ports, Room, run
from services.scu.deliver import deliver


def build(ports: Ports) -> Room:
    """Bind the handler to its ports; settings are read anew for every delivery."""

    def handle(claim: Claim) -> Answer:
        return deliver(claim, blobs=ports.blobs, registry=ports.registry, settings=ports.settings())

    return Room(handlers={EventKey.DELIVERY_REQUESTED: handle})


if __name__ == "__main__":
    run("scu", build)

"""The anonymizer's entry point: ``python -m services.anonymizer``."""

from __future__ import annotations

from functools import partial

from petfectior.events import EventKey
from petfectior.service import Ports, Room, run
from services.anonymizer.anonymize import anonymize


def build(ports: Ports) -> Room:
    """Wire the handler to its ports."""
    handler = partial(anonymize, blobs=ports.blobs, registry=ports.registry, settings=ports.settings)
    return Room(handlers={EventKey.SERIES_RECEIVED: handler})


if __name__ == "__main__":
    run("anonymizer", build)

"""``python -m services.scp``: one replica of the DICOM node."""

from __future__ import annotations

import queue
import sys

from petfectior.service import Ports, Room, run
from services.scp.gathering import Gatherer
from services.scp.receiver import Receiver
from services.scp.spool import Spool

SWITCH_SECONDS = 0.0005
"""Longest time that one thread computes while another has a PDU at hand; Python's own are 5 ms."""


def build(ports: Ports) -> Room:
    """Wire the network path to the gatherer: they share the spool and a bell, and nothing else."""
    sys.setswitchinterval(SWITCH_SECONDS)
    spool = Spool(ports.base.spool)
    bell: queue.SimpleQueue[None] = queue.SimpleQueue()
    receiver = Receiver(ports, spool, bell)
    gatherer = Gatherer(ports, spool, bell, receiver.stopped)
    return Room(loops=[receiver.run, gatherer.run])


if __name__ == "__main__":
    run("scp", build)

"""Forgets what is older than it has to be kept: log lines, and replicas that are gone."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog

from petfectior import heartbeat, logs
from petfectior.errors import Transient
from petfectior.service import Ports

PERIOD: Final = 600.0
DAY: Final = 86400.0
log = structlog.get_logger()


def run(ports: Ports, stop: threading.Event) -> None:
    """Forget every ten minutes until told to stop; several replicas may."""
    while True:
        try:
            forget(ports, time.time())
        except Transient as error:
            log.warning("retention.waits", **logs.describe(error))
        if stop.wait(PERIOD):
            return


def forget(ports: Ports, now: float) -> None:
    """Forget what is too old now."""
    count = ports.journal.forget(now - ports.settings().log_days * DAY)
    heartbeat.forget_old(ports.registry)
    if count:
        log.info("log.forgotten", count=count)

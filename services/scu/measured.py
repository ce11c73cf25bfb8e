"""What Prometheus learns of the associations to a destination."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from petfectior import metrics


@contextmanager
def measured(destination: str) -> Iterator[Callable[[], None]]:
    """Count one association and time its delivery; call what is yielded once it is established."""
    established = False
    began = time.monotonic()

    def establish() -> None:
        nonlocal established
        established = True
        metrics.ASSOCIATIONS_OPEN.labels("out").inc()

    try:
        yield establish
    finally:
        if established:
            metrics.ASSOCIATIONS_OPEN.labels("out").dec()
        metrics.ASSOCIATIONS.labels("out", "accepted" if established else "failed").inc()
        metrics.DELIVERY_SECONDS.labels(destination).observe(time.monotonic() - began)

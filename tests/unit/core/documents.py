"""Task documents for the tests of the core."""

from __future__ import annotations

from petfectior.task import Delivery, Destination, Source, Task
from petfectior.work import Stage, Work

NOW = 1_000_000.0


def task(stage: Stage = Stage.ANONYMIZE, **fields: object) -> Task:
    """Return a task that waits in `stage` since NOW."""
    document = Task(
        created_at=NOW,
        updated_at=NOW,
        frozen_at=NOW,
        stage=stage,
        work=Work(due=NOW),
        source=Source(calling_ae_title="SCANNER", called_ae_title="PETFECTIOR", address="127.0.0.1"),
        series_key="k",
    )
    return document.model_copy(update=fields)


def delivery(name: str, **fields: object) -> Delivery:
    """Return a delivery that waits since NOW."""
    destination = Destination(name=name, ae_title=name.upper(), address="127.0.0.1", port=104)
    return Delivery(id=name, destination=destination, work=Work(due=NOW), created_at=NOW, total=3).model_copy(
        update=fields
    )

"""Evaluation over the embedded stores, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from petfectior import wiring
from petfectior.pet import completeness
from petfectior.reasons import Reason, sentence
from petfectior.sentences import receive
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Part, Source, Task
from petfectior.work import Stage, Status, Work
from services.scp.evaluation import evaluate

NOW = 1_000_000.0


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    ports = wiring.connect(Settings(data_dir=tmp_path))
    yield ports
    ports.close()


def waiting(ports: Ports, heartbeat: float) -> Task:
    part = Part(id="p", replica="gone", count=1, first_at=0, last_at=0, heartbeat=heartbeat)
    return ports.tasks.insert(
        Task(
            created_at=0,
            updated_at=0,
            frozen_at=0,
            source=Source(calling_ae_title="A", called_ae_title="B", address="127.0.0.1"),
            series_key="k",
            open_key="k",
            parts=[part],
            work=Work(due=1.0),
        )
    )


def test_task_with_a_part_of_a_dead_replica_is_noted_and_not_rejected(ports: Ports) -> None:
    task = waiting(ports, heartbeat=NOW - 31)
    counted = REGISTRY.get_sample_value("petfectior_parts_orphaned_total") or 0
    evaluate(task.id, ports, NOW)
    assert REGISTRY.get_sample_value("petfectior_parts_orphaned_total") == counted + 1
    after = ports.tasks.get(task.id)
    assert (after.stage, after.status) == (Stage.RECEIVE, Status.WAITING)
    assert [note.reason.code for note in after.notes] == ["part-replica-gone"]
    assert after.work.due > NOW


def test_task_with_a_part_of_a_living_replica_is_left_alone(ports: Ports) -> None:
    task = waiting(ports, heartbeat=NOW - 5)
    evaluate(task.id, ports, NOW)
    assert ports.tasks.get(task.id) == task


PARAMS: dict[str, str | float] = dict.fromkeys(
    ("offset", "depth", "position", "expected", "received", "positions", "minimum", "missing", "count"), 1.0
)


@pytest.mark.parametrize("code", sorted(receive.SENTENCES))
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reason_has_its_sentence(code: str, language: str) -> None:
    text = sentence(Reason(code=code, params=PARAMS), language)
    assert "{" not in text
    assert text.endswith((".", "”.", "»."))


def test_every_reason_of_completeness_has_a_sentence() -> None:
    source = Path(completeness.__file__).read_text()
    codes = {
        word.strip('"') for word in source.replace("(", " ").replace(",", " ").split() if "series-" in word
    }
    codes = {code.removeprefix("code=").strip('")') for code in codes}
    assert len(codes) > 8
    assert codes <= set(receive.SENTENCES)

"""Lists of tasks: bulk actions, CSV, filters, restart; and what a viewer is not told."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from petfectior.access.person import Person, Role
from petfectior.service import Ports
from petfectior.task import Part, PartState, Series, Source, Task
from petfectior.work import Stage, Status
from services.api.as_seen import as_seen
from services.api.task_filter import Sort, TaskFilter
from tests.unit.api.gateway import arriving, delivered, failed

VIEWER = Person("v", Role.VIEWER)


def stored(ports: Ports, task: Task) -> Task:
    """Give the task one stored part."""
    folder = f"{task.id}/receive/p/1"
    task.parts = [
        Part(
            id="p",
            replica="r",
            state=PartState.SEALED,
            count=2,
            first_at=1.0,
            last_at=2.0,
            heartbeat=2.0,
            blob=ports.blobs.put(f"{folder}/part.zip", [b"part"]),
            index=ports.blobs.put(f"{folder}/index.jsonl", [b"index"]),
        )
    ]
    return ports.tasks.insert(task)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_a_bulk_action_is_done_task_by_task(ports: Ports, web: httpx.Client) -> None:
    good = ports.tasks.insert(failed(arriving())).id
    running = ports.tasks.insert(arriving()).id
    body = {"action": "retry", "tasks": [good, running, "missing", good]}
    answer = web.post("/api/v1/tasks/bulk", json=body).json()
    assert answer["done"] == 1
    assert [one["task"] for one in answer["verdicts"]] == [good, running, "missing"]
    codes = [one["problem"] and one["problem"]["code"] for one in answer["verdicts"]]
    assert codes == [None, "task-not-stopped", "task-missing"]
    assert ports.tasks.get(good).status is Status.WAITING


@pytest.mark.parametrize("body", [{"action": "explode", "tasks": ["a"]}, {"action": "retry", "tasks": []}])
def test_a_bulk_request_is_checked(web: httpx.Client, body: dict[str, Any]) -> None:
    assert web.post("/api/v1/tasks/bulk", json=body).status_code == 422


def test_many_tasks_are_deleted(ports: Ports, web: httpx.Client) -> None:
    ids = [ports.tasks.insert(delivered(arriving())).id for _ in range(3)]
    assert web.post("/api/v1/tasks/bulk", json={"action": "delete", "tasks": ids}).json()["done"] == 3
    assert web.get("/api/v1/tasks").json()["total"] == 0


def test_a_restart_opens_a_task_with_copies_of_the_parts(ports: Ports, web: httpx.Client) -> None:
    earlier = stored(ports, delivered(arriving()))
    answer = web.post(f"/api/v1/tasks/{earlier.id}/restart")
    assert answer.status_code == 201
    task = ports.tasks.get(answer.json()["id"])
    assert (task.stage, task.status, task.continues) == (Stage.ANONYMIZE, Status.WAITING, earlier.id)
    assert task.series == earlier.series
    assert task.outputs == []
    assert ports.bus.depth("anonymizer").ready == 1
    web.delete(f"/api/v1/tasks/{earlier.id}").raise_for_status()
    blob = task.parts[0].blob
    assert blob is not None
    with ports.blobs.read(blob.key) as copy:
        assert copy.read() == b"part"


def test_what_is_not_stored_cannot_be_restarted(ports: Ports, web: httpx.Client) -> None:
    for task in (arriving(), delivered(arriving())):
        answer = web.post(f"/api/v1/tasks/{ports.tasks.insert(task).id}/restart")
        assert (answer.status_code, answer.json()["code"]) == (409, "task-not-restartable")


def test_the_export_has_all_that_match_whatever_the_page(ports: Ports, web: httpx.Client) -> None:
    for index in range(3):
        ports.tasks.insert(arriving(f"DOE^{index}"))
    ports.tasks.insert(delivered(arriving()))
    answer = web.get("/api/v1/tasks.csv", params={"state": "running", "limit": 1, "sort": "patient"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert [one["patient_name"] for one in rows(answer)] == ["DOE^0", "DOE^1", "DOE^2"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'a"b,c\nd'])
def test_no_cell_of_the_export_is_a_formula(ports: Ports, web: httpx.Client, text: str) -> None:
    ports.tasks.insert(arriving(series=Series(patient_name=text, study_description=text)))
    cells = rows(web.get("/api/v1/tasks.csv"))[0]
    assert cells["patient_name"].lstrip("'") == text
    assert not cells["study_description"].startswith(("=", "+", "-", "@", "\t"))


def test_a_list_is_filtered_by_source_tracer_and_day(ports: Ports, web: httpx.Client) -> None:
    far = Source(calling_ae_title="FAR", called_ae_title="PETFECTIOR", address="10.0.0.9")
    ports.tasks.insert(arriving("FAR^A", source=far, series=Series(patient_name="FAR^A", tracer="68Ga-PSMA")))
    ports.tasks.insert(arriving("NEAR^B"))
    today = datetime.now(tz=UTC).astimezone().date()
    tomorrow = today + timedelta(days=1)

    def names(**wanted: object) -> list[str]:
        found = web.get("/api/v1/tasks", params={name: str(value) for name, value in wanted.items()})
        return sorted(one["series"]["patient_name"] for one in found.json()["tasks"])

    assert names(source="FAR") == names(tracer="68ga-psma") == ["FAR^A"]
    assert names(since=today, until=today) == ["FAR^A", "NEAR^B"]
    assert names(since=tomorrow) == []
    assert names(since="", until="", source="") == ["FAR^A", "NEAR^B"]
    assert web.get("/api/v1/tasks", params={"since": "0001-01-01"}).status_code == 422


def test_a_count_ends_at_a_thousand(ports: Ports, web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.api.presentation.MOST_COUNTED", 2)
    monkeypatch.setattr("services.api.tasks_routes.MOST_COUNTED", 2)
    for _ in range(3):
        ports.tasks.insert(arriving())
    found = web.get("/api/v1/tasks").json()
    assert (found["total"], found["more"], len(found["tasks"])) == (2, True, 3)
    shown = web.get("/tasks", params={"limit": 2}).text
    assert "more than 2 tasks" in shown
    assert 'rel="next"' in shown


def test_a_viewer_is_not_told_who_the_patient_is() -> None:
    identifying = ("patient_name", "patient_id", "accession_number", "study_uid", "series_uid")
    task = delivered(
        arriving(
            series=Series(
                **dict.fromkeys(Series.model_fields, "SECRET"),
            )
        )
    )
    shown = as_seen(task, VIEWER)
    assert [getattr(shown.series, name) for name in identifying] == [""] * len(identifying)
    assert [output.series_uid for output in shown.outputs] == [""]
    assert shown.series.tracer == "SECRET"
    assert task.series.patient_name == "SECRET"
    assert as_seen(task, Person("o", Role.OPERATOR)) is task


def test_a_viewer_neither_searches_nor_sorts_by_patient() -> None:
    query = TaskFilter(q="doe", sort=Sort.PATIENT).query(VIEWER)
    assert (query.text, query.id_begins, query.order.value) == (None, "doe", "created")

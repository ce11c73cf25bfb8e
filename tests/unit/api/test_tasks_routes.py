"""``/api/v1/tasks`` over HTTP."""

from __future__ import annotations

import httpx
import pytest

from petfectior.service import Ports
from petfectior.task import Job
from petfectior.work import Stage
from tests.unit.api.gateway import arriving, delivered, failed, incomplete, packaged


def names(answer: httpx.Response) -> list[str]:
    return [task["series"]["patient_name"] for task in answer.json()["tasks"]]


def test_tasks_come_newest_first_and_in_pages(ports: Ports, web: httpx.Client) -> None:
    for number in range(5):
        ports.tasks.insert(arriving(f"P{number}", created_at=1000.0 + number))
    answer = web.get("/api/v1/tasks", params={"limit": 2, "offset": 1})
    assert names(answer) == ["P3", "P2"]
    assert answer.json()["total"] == 5
    assert names(web.get("/api/v1/tasks", params={"sort": "oldest", "limit": 1})) == ["P0"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("running", {"RUNS"}),
        ("done", {"DONE"}),
        ("problem", {"FAILED", "INCOMPLETE"}),
        ("rejected", {"INCOMPLETE"}),
        ("failed", {"FAILED"}),
        ("cancelled", set()),
        ("all", {"RUNS", "DONE", "FAILED", "INCOMPLETE"}),
    ],
)
def test_tasks_are_filtered_by_state(ports: Ports, web: httpx.Client, state: str, expected: set[str]) -> None:
    for task in (arriving("RUNS"), delivered(arriving("DONE")), failed(arriving("FAILED"))):
        ports.tasks.insert(task)
    ports.tasks.insert(incomplete(arriving("INCOMPLETE")))
    assert set(names(web.get("/api/v1/tasks", params={"state": state}))) == expected


@pytest.mark.parametrize("words", ["doe", "DOE^J", "doe, jane", "Mrn-1"])
def test_search_takes_the_beginning_of_name_or_id_as_people_type_it(
    ports: Ports, web: httpx.Client, words: str
) -> None:
    ports.tasks.insert(arriving("DOE^JANE"))
    other = arriving("SMITH^JOHN")
    other.series.patient_id = "X-2"
    ports.tasks.insert(other)
    assert names(web.get("/api/v1/tasks", params={"q": words})) == ["DOE^JANE"]


def test_a_task_tells_its_history_package_and_digests(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(packaged(ports, arriving()))
    told = web.get(f"/api/v1/tasks/{task.id}").json()
    assert told["whereabouts"] == "The package is ready and waits to be uploaded to the server."
    assert [entry["sentence"] for entry in told["history"]] == [
        "The series began to arrive.",
        "The task reached this stage.",
    ]
    assert told["package"]["manifest"] == {"Units": "BQML"}
    assert task.package is not None
    assert {blob["sha256"] for blob in told["blobs"]} == {
        task.package.blob.sha256,
        task.package.order.sha256,
    }
    assert told["actions"] == ["cancel"]


def test_a_nonce_that_proves_a_result_is_not_told(ports: Ports, web: httpx.Client) -> None:
    task = arriving(jobs=[Job(id="j", nonce="secret-nonce", created_at=1.0)])
    ports.tasks.insert(task)
    assert "secret-nonce" not in web.get(f"/api/v1/tasks/{task.id}").text


def test_sentences_come_in_the_language_that_is_asked_for(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(failed(arriving()))
    told = web.get(f"/api/v1/tasks/{task.id}", headers={"Accept-Language": "es-AR,es;q=0.9"}).json()
    assert told["state"] == "Fallida"
    assert told["reason"].startswith("Falta un archivo")


def test_actions_answer_with_the_task_as_it_is_then(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(failed(arriving(), Stage.REBUILD))
    assert web.post(f"/api/v1/tasks/{task.id}/retry").json()["status"] == "waiting"
    assert web.post(f"/api/v1/tasks/{task.id}/cancel").json()["outcome"] == "cancelled"
    assert web.delete(f"/api/v1/tasks/{task.id}").status_code == 204
    assert web.get(f"/api/v1/tasks/{task.id}").status_code == 404


def test_an_incomplete_series_is_processed_as_it_is(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(incomplete(arriving()))
    assert web.post(f"/api/v1/tasks/{task.id}/process-as-it-is").json()["process_as_is"] is True


def test_resend_takes_the_name_of_a_destination(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    answer = web.post(f"/api/v1/tasks/{task.id}/resend", json={"destination": "Workstation"})
    assert [one["state"] for one in answer.json()["deliveries"]] == ["done", "waiting"]


def test_a_conflict_is_a_problem_document_that_says_what_is_wrong(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    answer = web.post(f"/api/v1/tasks/{task.id}/cancel")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:petfectior:problem:task-has-ended",
        "title": "Conflict",
        "status": 409,
        "code": "task-has-ended",
        "detail": "This task has already ended, so there is nothing to cancel.",
        "errors": [],
    }


@pytest.mark.parametrize("parameters", [{"limit": 0}, {"offset": -1}, {"state": "odd"}, {"q": "x" * 129}])
def test_a_query_that_does_not_fit_is_refused_with_the_field(
    web: httpx.Client, parameters: dict[str, str | int]
) -> None:
    answer = web.get("/api/v1/tasks", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"][-1] == next(iter(parameters))


def test_an_unknown_task_is_a_problem_document(web: httpx.Client) -> None:
    answer = web.get("/api/v1/tasks/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)

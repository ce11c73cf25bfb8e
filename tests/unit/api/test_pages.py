"""The pages as HTML: what they say, in which language, and that DICOM text stays text."""

from __future__ import annotations

from html import unescape

import httpx
import pytest

from petfectior import transitions
from petfectior.service import Ports
from petfectior.task import Series, Source
from petfectior.work import Stage
from tests.unit.api.gateway import arriving, delivered, delivering, failed, incomplete, packaged

HOSTILE = [
    "<script>alert('here')</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "\u202egnirts desrever",
    "山田^太郎=やまだ^たろう",
    "x" * 65536,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("page", ["/", "/tasks", "/tasks/{id}"])
def test_hostile_dicom_text_is_rendered_as_text(
    ports: Ports, web: httpx.Client, text: str, page: str
) -> None:
    fields = dict.fromkeys(Series.model_fields, text)
    source = Source(calling_ae_title=text, called_ae_title=text, address=text)
    task = ports.tasks.insert(arriving(series=Series(**fields), source=source))
    shown = web.get(page.format(id=task.id)).text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert len(shown) < 65536
    assert text[:7] in unescape(shown) or text[:2] in unescape(shown)


def test_an_empty_gateway_says_what_to_do(web: httpx.Client) -> None:
    assert "Nothing has arrived yet." in web.get("/tasks").text


def test_a_search_without_a_hit_says_so(ports: Ports, web: httpx.Client) -> None:
    ports.tasks.insert(arriving())
    assert "No task matches." in web.get("/tasks", params={"q": "nobody"}).text


def test_paging_keeps_filter_and_search(ports: Ports, web: httpx.Client) -> None:
    for _ in range(3):
        ports.tasks.insert(arriving())
    shown = web.get("/tasks", params={"q": "doe", "state": "running", "limit": 1, "offset": 1}).text
    assert 'href="/tasks?state=running&amp;q=doe&amp;offset=2&amp;limit=1" rel="next"' in shown
    assert 'href="/tasks?state=running&amp;q=doe&amp;limit=1" rel="prev"' in shown


@pytest.mark.parametrize(
    ("stage", "english", "spanish"),
    [
        (Stage.ANONYMIZE, "waits to be checked and de-identified", "espera a ser comprobada"),
        (Stage.PROCESS, "The series is at the processing server.", "en el servidor de procesamiento"),
        (Stage.REBUILD, "waits to be rebuilt as DICOM", "espera a reconstruirse como DICOM"),
    ],
)
def test_a_task_says_where_the_series_is(
    ports: Ports, web: httpx.Client, stage: Stage, english: str, spanish: str
) -> None:
    task = arriving()
    transitions.enter(task, stage, task.created_at, "worker")
    ports.tasks.insert(task)
    assert english in web.get(f"/tasks/{task.id}").text
    assert spanish in web.get(f"/tasks/{task.id}?lang=es").text


def test_a_sent_and_a_stopped_task_say_where_the_series_is(ports: Ports, web: httpx.Client) -> None:
    done, sending = ports.tasks.insert(delivered(arriving())), ports.tasks.insert(delivering(arriving()))
    stopped, short = ports.tasks.insert(failed(arriving())), ports.tasks.insert(incomplete(arriving()))
    assert "The processed series is at Workstation." in web.get(f"/tasks/{done.id}").text
    assert "being sent to Workstation: 0 of 47." in web.get(f"/tasks/{sending.id}").text
    assert "stopped at “Upload” and waits for a person." in web.get(f"/tasks/{stopped.id}").text
    assert "The series was not processed" in web.get(f"/tasks/{short.id}").text


def test_a_task_shows_the_manifest_that_leaves(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(packaged(ports, arriving()))
    shown = unescape(web.get(f"/tasks/{task.id}").text)
    assert '"Units": "BQML"' in shown
    assert task.package is not None
    assert task.package.blob.sha256 in shown


def test_a_task_shows_what_is_in_quarantine(ports: Ports, web: httpx.Client) -> None:
    task = packaged(ports, arriving())
    task.quarantine = [ports.blobs.put(f"{task.id}/download/1/result-0", [b"refused"])]
    ports.tasks.insert(task)
    assert task.quarantine[0].sha256 in web.get(f"/tasks/{task.id}").text
    assert "nunca se entregan" in web.get(f"/tasks/{task.id}", params={"lang": "es"}).text


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {}, "en"),
        ("", {"Accept-Language": "fr, es-MX;q=0.8, en;q=0.5"}, "es"),
        ("", {"Accept-Language": "es", "Cookie": "language=en"}, "en"),
        ("?lang=es", {"Cookie": "language=en"}, "es"),
        ("?lang=xx", {"Accept-Language": "*;q=odd"}, "en"),
    ],
)
def test_language_is_asked_for_remembered_accepted_or_set(
    web: httpx.Client, query: str, headers: dict[str, str], expected: str
) -> None:
    assert f'<html lang="{expected}"' in web.get(f"/tasks{query}", headers=headers).text


def test_the_setting_decides_where_the_visitor_has_no_preference(ports: Ports, web: httpx.Client) -> None:
    web.put("/api/v1/settings/language", json={"value": "es"})
    ports._read_at = 0.0
    assert '<html lang="es"' in web.get("/tasks").text


def test_an_asked_language_is_remembered(web: httpx.Client) -> None:
    web.get("/tasks?lang=es")
    assert '<html lang="es"' in web.get("/tasks").text


def test_a_live_region_answers_nothing_to_who_has_it_already(ports: Ports, web: httpx.Client) -> None:
    ports.tasks.insert(arriving(created_at=1000.0, updated_at=1000.0))
    first = web.get("/tasks/live")
    seen = {"X-Petfectior-Seen": first.headers["X-Petfectior-Seen"]}
    assert web.get("/tasks/live", headers=seen).status_code == 204
    ports.tasks.insert(arriving())
    assert web.get("/tasks/live", headers=seen).status_code == 200


def test_a_confirmed_action_leads_back_to_the_task(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(failed(arriving()))
    answer = web.post(f"/tasks/{task.id}/retry")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tasks/{task.id}?did=retry")
    assert "The task was taken up again." in web.get(answer.headers["location"]).text


def test_every_action_of_the_page_does_what_it_says(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    web.post(f"/tasks/{task.id}/resend", data={"destination": "Workstation"})
    assert len(ports.tasks.get(task.id).deliveries) == 2
    web.post(f"/tasks/{task.id}/cancel")
    assert ports.tasks.get(task.id).outcome == "cancelled"
    assert web.post(f"/tasks/{task.id}/delete").headers["location"] == "/tasks"
    assert web.get(f"/tasks/{task.id}").status_code == 404
    short = ports.tasks.insert(incomplete(arriving()))
    web.post(f"/tasks/{short.id}/process-as-it-is")
    assert ports.tasks.get(short.id).process_as_is


def test_a_refused_action_says_why_on_the_page(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(delivered(arriving()))
    answer = web.post(f"/tasks/{task.id}/cancel", headers={"Accept-Language": "es"})
    assert answer.status_code == 409
    assert "Esta tarea ya terminó, así que no hay nada que cancelar." in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/tasks/nothing", "/tasks?limit=0"])
def test_an_error_is_a_page_with_a_way_back(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code in {404, 422}
    assert 'role="alert"' in answer.text
    assert 'href="/tasks"' in answer.text

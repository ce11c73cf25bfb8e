"""The quantification report, in the REST API and as a page to print."""

from __future__ import annotations

import httpx

from petfectior.pet.quantification import Figures, Quantification
from petfectior.service import Ports
from petfectior.task import Task
from tests.unit.api.gateway import arriving, delivering

BEFORE = Figures(
    lowest=0.0,
    highest=10.0,
    total=100.0,
    voi_mean=8.0,
    voi_volume=3.0,
    peak=9.0,
    suv_max=5.0,
    suv_peak=4.5,
    suv_mean=4.0,
)
MADE = Quantification(
    units="BQML",
    suv_code="suv-from-series-time",
    before=BEFORE,
    after=BEFORE.model_copy(update={"suv_max": 5.5}),
    rescale_bound=0.5,
    rescale_error=0.25,
    slices=47,
    expected=47,
    geometry_kept=True,
    uids_new=True,
)


def reported(ports: Ports, made: Quantification = MADE) -> Task:
    task = delivering(arriving("<b>DOE^JANE"))
    task.outputs[0].report = made.report()
    return ports.tasks.insert(task)


def test_report_states_each_series_before_and_after(ports: Ports, web: httpx.Client) -> None:
    task = reported(ports)
    told = web.get(f"/api/v1/tasks/{task.id}/report").json()
    [series] = told["series"]
    assert series["quantification"]["before"]["suv_max"] == 5.0
    assert series["quantification"]["after"]["suv_max"] == 5.5
    assert "SeriesTime" in series["suv"]


def test_report_page_speaks_both_languages_and_shows_the_change(ports: Ports, web: httpx.Client) -> None:
    task = reported(ports)
    english = web.get(f"/tasks/{task.id}/report", params={"lang": "en"}).text
    spanish = web.get(f"/tasks/{task.id}/report", params={"lang": "es"}).text
    assert "Quantification report" in english
    assert "Informe de cuantificación" in spanish
    assert "SUVpico" in spanish
    assert "+10.00 %" in english
    assert "<b>DOE" not in english
    assert f'href="/tasks/{task.id}/report"' in web.get(f"/tasks/{task.id}").text


def test_figures_that_cannot_be_computed_are_left_open_with_the_reason(
    ports: Ports, web: httpx.Client
) -> None:
    without = {"suv_max": None, "suv_peak": None, "suv_mean": None}
    figures = BEFORE.model_copy(update=without)
    made = MADE.model_copy(
        update={"before": figures, "after": figures, "suv_code": "suv-weight-missing", "geometry_kept": False}
    )
    shown = web.get(f"/tasks/{reported(ports, made).id}/report", params={"lang": "en"}).text
    assert "states no weight" in shown
    assert "NO" in shown


def test_a_task_without_a_result_has_no_report(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(arriving())
    answer = web.get(f"/api/v1/tasks/{task.id}/report")
    assert (answer.status_code, answer.json()["code"]) == (404, "report-missing")

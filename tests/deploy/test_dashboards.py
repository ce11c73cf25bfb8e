"""Dashboards as Grafana provisions them, and what they may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from petfectior import metrics
from tests.deploy.observed import DASHBOARDS, dashboard, expressions, recorded, selectors

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
OF_PROMETHEUS = {
    "up",
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
}


def declared() -> set[str]:
    found = (one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase))
    return {
        one._name + suffix  # the wrapper has no public name
        for one in found
        for suffix in SUFFIXES[one._type]
    }


def test_the_four_dashboards_are_there() -> None:
    assert {dashboard(path)["title"] for path in DASHBOARDS} == {
        "PETfectior / Overview",
        "PETfectior / Pipeline",
        "PETfectior / DICOM",
        "PETfectior / Server link",
    }


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboard_has_a_fixed_uid_and_asks_the_chosen_data_source(path: Path) -> None:
    found = dashboard(path)
    assert found["uid"] == f"petfectior-{path.stem}"
    assert [one["name"] for one in found["templating"]["list"] if one["type"] == "datasource"] == [
        "datasource"
    ]
    sources = [one["datasource"] for panel in found["panels"] for one in (panel, *panel["targets"])]
    assert all(one == {"type": "prometheus", "uid": "${datasource}"} for one in sources)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_have_their_own_id_and_place(path: Path) -> None:
    panels = dashboard(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_expression_asks_only_for_what_is_measured(where: str, expression: str) -> None:
    asked = {selector.partition("{")[0] for selector in selectors(expression)}
    assert asked, where
    assert asked <= declared() | recorded() | OF_PROMETHEUS


def test_selectors_are_found_in_an_expression_with_functions_groups_and_ranges() -> None:
    expression = 'sum by (stage, le) (rate(a_bucket{le="1"}[5m])) / on (x) max(b:c) unless on (y) d > 3 * 10'
    assert selectors(expression) == ['a_bucket{le="1"}', "b:c", "d"]

"""The dashboard's numbers."""

from __future__ import annotations

import time

import httpx

from petfectior.service import Ports
from tests.unit.api.gateway import arriving, delivered, failed


def test_the_dashboard_counts_what_came_runs_and_failed(ports: Ports, web: httpx.Client) -> None:
    now = time.time()
    ports.tasks.insert(arriving(created_at=now))
    ports.tasks.insert(failed(arriving(created_at=now)))
    done = delivered(arriving(created_at=now - 90))
    done.updated_at = now
    ports.tasks.insert(done)
    found = web.get("/api/v1/dashboard").json()
    assert (found["running"], found["problems"]) == (1, 1)
    assert sum(found["finished"]) == 1
    assert len(found["finished"]) == len(found["seconds"]) == 24
    assert [round(one) for one in found["seconds"] if one is not None] == [90]
    assert found["server"]["state"] == "unknown"


def test_the_dashboard_tells_why_the_server_is_away(ports: Ports, web: httpx.Client) -> None:
    value = {"state": "down", "cause": "server-unreachable", "since": 1.0, "checked": 2.0, "latency": 0.1}
    ports.registry.put("server-monitor", "server", dict(value))
    shown = web.get("/").text
    assert "Not available" in shown
    assert 'class="tile failed"' in shown


def test_grafana_is_linked_only_when_it_is_set(ports: Ports, web: httpx.Client) -> None:
    assert "Grafana" not in web.get("/").text
    answer = web.put("/api/v1/settings/grafana_url", json={"value": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert ports.base.grafana_url == ""

"""``/api/v1/devices``, ``/api/v1/settings``, ``/api/v1/dead-letters``, ``/health``, ``/metrics``, OpenAPI."""

from __future__ import annotations

import httpx

from petfectior.service import Ports
from petfectior.topology import wake
from tests.unit.api.gateway import arriving, failed

PACS = {"name": "PACS", "ae_title": "PACS_MAIN", "address": "10.0.0.2", "port": 104, "destination": True}


def test_a_device_is_added_changed_and_removed(web: httpx.Client) -> None:
    assert web.post("/api/v1/devices", json=PACS).status_code == 201
    assert web.get("/api/v1/devices").json() == [{**PACS, "sender": True, "receiver": True, "tls": False}]
    assert web.put("/api/v1/devices/PACS", json={**PACS, "port": 11112}).json()["port"] == 11112
    assert web.get("/api/v1/devices/PACS").json()["port"] == 11112
    assert web.delete("/api/v1/devices/PACS").status_code == 204
    assert web.get("/api/v1/devices/PACS").status_code == 404


def test_a_second_device_of_the_same_name_is_a_conflict(web: httpx.Client) -> None:
    web.post("/api/v1/devices", json=PACS)
    assert web.post("/api/v1/devices", json=PACS).json()["code"] == "device-exists"


def test_a_device_that_does_not_fit_names_the_field(web: httpx.Client) -> None:
    answer = web.post("/api/v1/devices", json={**PACS, "port": 0})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, ["body", "port"])


def test_routes_are_stored_as_a_whole_and_only_over_the_table_that_was_seen(web: httpx.Client) -> None:
    web.post("/api/v1/devices", json=PACS)
    assert web.get("/api/v1/routes").json() == {"revision": 0, "routes": []}
    wanted = {"name": "north", "calling_ae_title": " PET_NORTH ", "destinations": ["PACS"]}
    stored = web.put("/api/v1/routes", json={"revision": 0, "routes": [wanted]}).json()
    assert stored == web.get("/api/v1/routes").json()
    assert (stored["revision"], stored["routes"][0]["calling_ae_title"]) == (1, "PET_NORTH")
    late = web.put("/api/v1/routes", json={"revision": 0, "routes": []})
    assert (late.status_code, late.json()["code"]) == (409, "record-changed")
    twice = web.put("/api/v1/routes", json={"revision": 1, "routes": [wanted, wanted]})
    assert (twice.status_code, twice.json()["code"]) == (409, "route-exists")
    astray = web.put("/api/v1/routes", json={"revision": 1, "routes": [{**wanted, "destinations": ["X"]}]})
    assert (astray.status_code, astray.json()["code"]) == (422, "route-destination-unknown")
    nobody = web.put("/api/v1/routes", json={"revision": 1, "routes": [{**wanted, "destinations": []}]})
    assert nobody.status_code == 422
    assert web.get("/api/v1/routes").json() == stored


def test_a_device_of_a_route_is_not_removed(web: httpx.Client) -> None:
    web.post("/api/v1/devices", json=PACS)
    web.put("/api/v1/routes", json={"routes": [{"name": "all", "destinations": ["PACS"]}]})
    refused = web.delete("/api/v1/devices/PACS")
    assert (refused.status_code, refused.json()["code"]) == (409, "device-in-route")
    assert refused.json()["detail"].startswith("1 route(s) send to this device.")
    web.put("/api/v1/devices/PACS", json={**PACS, "name": "Archive"})
    assert web.get("/api/v1/routes").json()["routes"][0]["destinations"] == ["Archive"]
    web.put("/api/v1/routes", json={"revision": 2, "routes": []})
    assert web.delete("/api/v1/devices/Archive").status_code == 204


def test_a_damaged_record_is_an_error_of_the_server_that_quotes_nothing(
    ports: Ports, web: httpx.Client
) -> None:
    task = ports.tasks.insert(failed(arriving()))
    ports.registry.put("device", "odd", {"name": "quoted-value"})
    answer, shown = web.get("/api/v1/devices"), web.get(f"/tasks/{task.id}")
    assert (answer.status_code, answer.json()["code"]) == (500, "server-error")
    assert (shown.status_code, 'role="alert"' in shown.text) == (500, True)
    assert "quoted-value" not in answer.text + shown.text
    assert "default-src" in answer.headers["content-security-policy"]


def test_a_setting_is_stored_and_in_effect_at_once(web: httpx.Client) -> None:
    answer = web.put("/api/v1/settings/quiet_seconds", json={"value": 12.5})
    assert answer.json()["value"] == 12.5
    assert web.get("/api/v1/settings/quiet_seconds").json()["value"] == 12.5
    assert web.delete("/api/v1/settings/quiet_seconds").json()["value"] == 30.0


def test_a_setting_fixed_by_the_environment_is_shown_as_fixed_and_not_changed(web: httpx.Client) -> None:
    assert web.get("/api/v1/settings/client_id").json()["fixed"] is True
    answer = web.put("/api/v1/settings/client_id", json={"value": "other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "setting-fixed-by-environment")
    assert web.delete("/api/v1/settings/client_id").status_code == 409


def test_a_secret_is_stored_and_never_shown(web: httpx.Client) -> None:
    stored = web.put("/api/v1/settings/server_token", json={"value": "t0p-secret"})
    assert stored.json()["present"] is True
    assert stored.json()["value"] is None
    assert "t0p-secret" not in stored.text + web.get("/api/v1/settings").text


def test_a_secret_that_does_not_fit_is_not_repeated(web: httpx.Client) -> None:
    answer = web.put("/api/v1/settings/server_token", json={"value": ["t0p-secret"]})
    assert answer.status_code == 422
    assert "t0p-secret" not in answer.text


def test_a_value_out_of_range_is_refused(web: httpx.Client) -> None:
    answer = web.put("/api/v1/settings/minimum_images", json={"value": 0})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, ["minimum_images"])
    assert web.get("/api/v1/settings/minimum_images").json()["value"] == 47


def test_what_can_be_set_at_start_only_is_shown_and_not_changed(web: httpx.Client) -> None:
    assert web.get("/api/v1/settings/dicom_port").json()["changeable"] is False
    assert web.put("/api/v1/settings/dicom_port", json={"value": 104}).status_code == 404


def test_dead_letters_are_listed_with_their_sentence_and_replayed(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(failed(arriving()))
    ports.bus.publish(wake(task))
    with ports.bus.subscribe("transfer", 1) as subscription:
        event = subscription.receive(60)
        assert event is not None
        event.dead_letter("blob-damaged")
    (letter,) = web.get("/api/v1/dead-letters").json()
    assert (letter["queue"], letter["task_id"]) == ("transfer", task.id)
    assert letter["reason"].startswith("A stored file of this task does not have")
    replayed = web.post(f"/api/v1/dead-letters/transfer/{letter['id']}/replay")
    assert replayed.json()["status"] == "waiting"
    assert web.get("/api/v1/dead-letters").json() == []


def test_health_and_metrics_show_counts_and_nothing_private(ports: Ports, web: httpx.Client) -> None:
    ports.tasks.insert(arriving("DOE^JANE"))
    assert web.get("/health").json()["status"] == "ok"
    text = web.get("/metrics").text
    assert 'petfectior_tasks{stage="receive",status="waiting"} 1.0' in text
    assert 'petfectior_queue_events{queue="scu",state="ready"} 0.0' in text
    assert "DOE" not in text


def test_openapi_documents_every_error_as_a_problem_document(web: httpx.Client) -> None:
    document = web.get("/api/v1/openapi.json").json()
    answers = [
        answer
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if int(status) >= 400
    ]
    assert len(answers) > 40
    assert all(list(answer["content"]) == ["application/problem+json"] for answer in answers)
    assert "HTTPValidationError" not in document["components"]["schemas"]

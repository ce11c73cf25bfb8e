"""Configuration, logs and the audit trail, as a person uses them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from petfectior import association_log, devices, routes, routing
from petfectior.access import tokens, users
from petfectior.access.person import Role
from petfectior.association_log import Association, Result
from petfectior.pet import filter_rules, site_tracers
from petfectior.service import Ports
from simulator.stack import free_port
from tests import dcmtk
from tests.browser.life import PASSWORD, logged
from tests.unit.api.gateway import arriving

pytestmark = pytest.mark.browser


def test_a_form_of_settings_is_stored_as_a_whole_or_not_at_all(
    ports: Ports, page: Page, language: str
) -> None:
    page.goto("/config/completeness")
    page.locator("#quiet_seconds").fill("45")
    page.locator("#minimum_images").fill("0")
    page.locator("#quiet_seconds_by_sender").fill("SCANNER = 60")
    page.locator("button.primary").click()
    fault = {"en": "It must be at least 1.", "es": "Debe ser al menos 1."}[language]
    expect(page.locator(".fault")).to_have_text([fault])
    expect(page.locator("#quiet_seconds")).to_have_value("45")
    assert ports.registry.list("setting") == []
    page.locator("#minimum_images").fill("30")
    page.locator("input[name=accept_other]").check()
    page.locator("button.primary").click()
    expect(page.locator(".alert.good")).to_be_visible()
    stored = {record.key: record.value["value"] for record in ports.registry.list("setting")}
    assert stored == {
        "quiet_seconds": 45,
        "minimum_images": 30,
        "quiet_seconds_by_sender": {"SCANNER": 60},
        "accept_other": True,
    }


def test_a_secret_is_stored_kept_and_removed_and_never_shown(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/server?lang={language}")
    page.locator("#server_token").fill("t0p-secret")
    page.locator("#server_url").fill("http://192.0.2.1")
    page.locator("button.primary").click()
    expect(page.locator(".fault")).to_have_count(1)
    page.locator("#server_url").fill("https://processing.example")
    page.locator("#server_token").fill("t0p-secret")
    page.locator("button.primary").click()
    expect(page.locator(".alert.good")).to_be_visible()
    assert "t0p-secret" not in page.content()
    page.locator("button.primary").click()
    assert ports.registry.get("setting", "server_token").value == {"value": "t0p-secret"}
    page.locator("input[name='server_token.remove']").check()
    page.locator("button.primary").click()
    expect(page.locator("input[name='server_token.remove']")).to_have_count(0)
    assert ports.registry.get("setting", "server_token").value == {"value": ""}


def test_a_device_is_added_tested_changed_and_removed(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/devices?lang={language}")
    port = free_port()
    for name, value in {
        "name": "Ward & co",
        "ae_title": "A\\B",
        "address": "127.0.0.1",
        "port": str(port),
    }.items():
        page.locator(f"#{name}").fill(value)
    page.locator("button.primary").click()
    fault = {"en": "without a backslash", "es": "sin barra invertida"}[language]
    expect(page.locator("[role=alert]")).to_contain_text(fault)
    page.locator("#ae_title").fill("STORESCP")
    page.locator("button.primary").click()
    expect(page.locator(".rows li")).to_have_count(1)
    page.locator("form[action$=echo] button").click()
    expect(page.locator(".rows [role=alert]")).to_contain_text(str(port))
    with dcmtk.storescp(Path(ports.base.data_dir) / "received") as peer:
        page.goto("/config/devices")
        page.locator(".rows a.button").click()
        page.locator("#port").fill(str(peer.port))
        page.locator("#ae_title").fill("STORESCP2")
        page.locator("input[name=destination]").check()
        page.locator("button.primary").click()
        page.locator("form[action$=echo] button").click()
        expect(page.locator(".rows .alert.good")).to_contain_text("C-ECHO", timeout=60_000)
    page.locator(".rows a.button").click()
    page.locator("input[name=tls]").check()
    page.locator("input[name=sender]").uncheck()
    page.locator("button.primary").click()
    page.locator(".rows a.button").click()
    page.locator("#port").fill("104")
    page.locator("button.primary").click()
    expect(page.locator(".alert.good")).to_be_visible()
    [kept] = devices.all_devices(ports.registry)
    assert (kept.port, kept.tls, kept.sender, kept.receiver) == (104, True, False, True)
    page.locator(".rows summary").click()
    page.locator("button.danger").click()
    expect(page.locator(".rows li")).to_have_count(0)


def test_routes_are_added_ordered_changed_and_removed(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/routes?lang={language}")
    expect(page.locator("#form .none")).to_be_visible()
    for name in ("Ward & co", "Archive"):
        one = devices.Device(name=name, ae_title=name[:4], address="127.0.0.1", port=104)
        devices.add(ports.registry, one)
    page.goto("/config/routes")
    page.locator("#name").fill("North")
    page.locator("#calling_ae_title").fill("A\\B")
    page.locator("button.primary").click()
    fault = {"en": "without a backslash", "es": "sin barra invertida"}[language]
    expect(page.locator("[role=alert]")).to_contain_text(fault)
    page.locator("#calling_ae_title").fill("PET_NORTH")
    page.get_by_label("Ward & co").check()
    page.locator("button.primary").click()
    expect(page.locator(".rows li")).to_have_count(1)
    page.locator("#name").fill("Glucose")
    page.locator("#tracer").select_option("FDG")
    page.get_by_label("Archive").check()
    page.locator("button.primary").click()
    expect(page.locator(".rows strong")).to_have_text(["North", "Glucose"])
    page.locator(".rows li").nth(1).locator("form[action$=up] button").click()
    expect(page.locator(".rows strong")).to_have_text(["Glucose", "North"])
    page.locator(".rows li", has_text="North").locator("a.button").click()
    expect(page.get_by_label("Ward & co")).to_be_checked()
    page.locator("input[name=enabled]").uncheck()
    page.locator("button.primary").click()
    expect(page.locator(".rows li", has_text="North").locator(".badge")).to_be_visible()
    kept = routes.table(ports.registry)
    assert [(one.name, one.enabled, one.destinations) for one in kept.routes] == [
        ("Glucose", True, ("Archive",)),
        ("North", False, ("Ward & co",)),
    ]
    # Somebody else changes the table while this page is open.
    routing.save(ports.registry, kept.without("North"))
    page.locator(".rows li").first.locator("form[action$=remove] button").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator(".rows strong")).to_have_text(["Glucose"])
    page.goto("/config/devices")
    archive = page.locator(".rows li", has_text="Archive")
    archive.locator("summary").click()
    archive.locator("button.danger").click()
    refused = {"en": "Take it out of the routes", "es": "Quítelo antes de las rutas"}[language]
    expect(page.locator("[role=alert]")).to_contain_text(refused)
    ports.registry.delete(devices.KIND, "Archive")
    page.goto("/config/routes")
    expect(page.locator(".rows [role=alert]")).to_be_visible()
    page.locator(".rows form[action$=remove] button").click()
    expect(page.locator(".rows li")).to_have_count(0)


def test_tracers_and_filters_of_the_site_are_kept(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/tracers?lang={language}")
    page.locator("#name").fill("Our FDG")
    page.locator("#synonyms").fill("local fdg; glucose")
    page.locator("#published").select_option("FDG")
    page.locator("section#form button.primary").click()
    expect(page.locator(".rows strong").first).to_have_text("Our FDG")
    page.locator("#sender").fill("SCANNER")
    page.locator("#meant").select_option("Our FDG")
    page.locator("form[action='/config/senders'] button").click()
    expect(page.locator(".alert.good")).to_be_visible()
    assert site_tracers.default_of(ports.registry, "SCANNER") == "Our FDG"
    page.goto("/config/filters")
    page.locator("#name").fill("Smooth")
    page.locator("#fwhm").fill("60")
    page.locator("button.primary").click()
    expect(page.locator("[role=alert]")).to_contain_text("50")
    page.locator("#fwhm").fill("4.5")
    page.locator("button.primary").click()
    expect(page.locator(".rows li")).to_have_count(1)
    assert [rule.fwhm for rule in filter_rules.rules(ports.registry)] == [4.5]
    page.locator(".rows form button").click()
    expect(page.locator(".rows li")).to_have_count(0)


def test_users_are_added_changed_disabled_and_removed(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/users?lang={language}")
    page.locator("#name").fill("Zoe")
    page.locator("#role").select_option("operator")
    page.locator("#password").fill(PASSWORD)
    page.locator("section#form button.primary").click()
    row = page.locator(".rows li", has_text="zoe")
    expect(row).to_be_visible()
    row.locator("summary").click()
    row.locator("select").select_option("admin")
    row.locator("form[action$=role] button").click()
    expect(page.locator(".alert.good")).to_be_visible()
    assert users.get(ports.registry, "zoe").role is Role.ADMIN
    row.locator("summary").click()
    row.locator("form[action$=disable] button").click()
    expect(row.locator(".badge")).to_be_visible()
    own = page.locator(".rows li", has_text="admin").first
    own.locator("summary").click()
    own.locator("form[action$=remove] button").click()
    expect(page.locator("[role=alert]")).to_be_visible()
    row.locator("summary").click()
    row.locator("form[action$=remove] button").click()
    expect(row).to_have_count(0)


def test_a_token_is_shown_once_and_revoked(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/config/tokens?lang={language}")
    page.locator("#name").fill("pacs")
    page.locator("button.primary").click()
    secret = page.locator("#secret").inner_text()
    found = tokens.find(ports.registry, secret)
    assert found is not None
    assert found.scope is Role.VIEWER
    page.goto("/config/tokens")
    assert secret not in page.content()
    page.locator(".rows form button").click()
    expect(page.locator(".rows form")).to_have_count(0)
    assert tokens.find(ports.registry, secret) is None


def test_new_log_lines_appear_and_are_filtered(ports: Ports, page: Page, language: str) -> None:
    logged(ports, "part.sealed")
    page.goto(f"/logs?lang={language}")
    expect(page.locator("tbody tr")).to_have_count(1)
    logged(ports, "stage.crashed", service="rebuilder", level="error", code="blob-damaged")
    expect(page.locator("tbody tr")).to_have_count(2)
    sentence = {"en": "does not have the digest", "es": "no tiene la huella"}[language]
    expect(page.locator("tbody tr.error")).to_contain_text(sentence)
    page.locator("#level").select_option("error")
    page.locator("button.primary").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto("/logs?q=SEALED")
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.locator("a[href*=export]").click()
    assert download.value.suggested_filename == "petfectior-log.jsonl"


def test_associations_appear_with_what_came_of_them(ports: Ports, page: Page, language: str) -> None:
    page.goto(f"/logs?lang={language}")
    page.locator("a[href='/logs/associations']").click()
    expect(page.locator("tbody .none")).to_be_visible()
    at = time.time()
    refused = Association(
        began=at,
        ended=at,
        address="192.0.2.7",
        calling_ae_title="<b>STRANGER",
        called_ae_title="PETFECTIOR",
        result=Result.REJECTED,
        reason="too-many-associations",
    )
    association_log.add(ports.registry, refused)
    association_log.add(ports.registry, refused)
    row = page.locator("tbody tr.warning")
    expect(row).to_contain_text("<b>STRANGER")
    expect(row).to_contain_text("(2 ×)")
    expect(row).to_contain_text(
        {"en": "As many associations were open", "es": "tantas asociaciones abiertas"}[language]
    )
    [told] = page.request.get("/api/v1/associations").json()["associations"]
    assert (told["address"], told["result"], told["count"]) == ("192.0.2.7", "rejected", 2)


def test_the_audit_trail_shows_and_exports_what_was_done(ports: Ports, page: Page, language: str) -> None:
    task = ports.tasks.insert(arriving())
    page.goto(f"/tasks/{task.id}?lang={language}")
    page.goto("/config/audit")
    expect(page.locator("tbody")).to_contain_text("DICOM Instances Accessed")
    expect(page.locator("tbody")).not_to_contain_text("DOE")
    with page.expect_download() as download:
        page.locator("a[href*=xml]").click()
    text = download.value.path().read_text()
    assert re.search(r'<EventID csd-code="110103"[^>]*originalText="DICOM Instances Accessed"', text)

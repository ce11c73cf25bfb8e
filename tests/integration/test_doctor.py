"""The doctor on a running gateway, on one that is not well, and on the page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from petfectior import devices, doctor
from petfectior.devices import Device
from petfectior.task import Source
from simulator.stack import Stack, free_port, running, wait_for
from tests.unit.api.gateway import arriving, connected


def told(stack: Stack) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"good": set(), "warning": set(), "bad": set()}
    for finding in stack.call("GET", "doctor").json():
        found[finding["verdict"]].add(finding["code"])
    return found


def test_a_gateway_that_is_well_is_found_well(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    with running(stack):
        wait_for(lambda: "doctor-service-silent" not in told(stack)["bad"], "a service was not heard of")
        found = told(stack)
        assert found["bad"] == set()
        assert {
            "doctor-service-alive",
            "doctor-port-open",
            "doctor-titles-good",
            "doctor-server-eligible",
            "doctor-clock-good",
            "doctor-loopback",
            "device-answers",
        } <= found["good"] | found["warning"]
        said = subprocess.run(
            [sys.executable, "-m", "petfectior", "doctor"],
            env=stack.settings(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (said.returncode, "C-ECHO" in said.stdout) == (0, True), said.stdout + said.stderr


def test_each_thing_that_is_not_well_is_named(tmp_path: Path) -> None:
    with connected(tmp_path, dicom_port=free_port(), api_host="0.0.0.0") as ports:
        for name in ("one", "two"):
            device = Device(name=name, ae_title="WS", address="127.0.0.1", port=free_port())
            devices.add(ports.registry, device)
        devices.add(ports.registry, Device(name="self", ae_title="PETFECTIOR", address="192.0.2.1", port=104))
        for title in ("CT1", "CT2"):
            source = Source(calling_ae_title=title, called_ae_title="PETFECTIOR", address="10.0.0.1")
            ports.tasks.insert(arriving(source=source, series_key=title))
        found = {(one.check, one.verdict, one.reason.code) for one in doctor.examine(ports)}
    assert {
        ("service", "bad", "doctor-service-silent"),
        ("dicom-port", "bad", "doctor-port-closed"),
        ("ae-titles", "warning", "doctor-own-title"),
        ("mirror-mode", "warning", "doctor-address-shared"),
        ("https", "warning", "doctor-no-https"),
        ("server", "bad", "server-not-configured"),
        ("c-echo", "bad", "device-port-closed"),
    } <= found


def test_series_from_the_routers_address_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "route"
    table.write_text("Iface Destination Gateway\neth0 00000000 010011AC\neth0 000011AC 00000000\n")
    monkeypatch.setattr(doctor, "ROUTES", table)
    with connected(tmp_path / "data") as ports:
        source = Source(calling_ae_title="CT1", called_ae_title="PETFECTIOR", address="::ffff:172.17.0.1")
        ports.tasks.insert(arriving(source=source))
        found = {one.reason.code: one.subject for one in doctor.examine(ports)}
    assert found["doctor-gateway-address"] == "172.17.0.1"

"""Devices: what is a valid one, and how they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from petfectior import devices
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.devices import Device
from petfectior.errors import Conflict, NotFound


def device(**changes: object) -> Device:
    return Device(**{"name": "WS", "ae_title": "WS1", "address": "10.0.0.1", "port": 104, **changes})


@pytest.fixture
def registry(tmp_path: Path) -> SqliteRegistry:
    return SqliteRegistry(tmp_path)


@pytest.mark.parametrize("title", ["A", "A" * 16, " PADDED ", "with space", "~!#"])
def test_ae_title_of_the_default_repertoire_is_taken(title: str) -> None:
    assert device(ae_title=title).ae_title == title.strip()


@pytest.mark.parametrize("title", ["", "   ", "A" * 17, "back\\slash", "tab\there", "acentó"])
def test_ae_title_that_the_standard_forbids_is_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        device(ae_title=title)


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "fe80::1", "pacs", "pacs.hospital.org", "ws_1"])
def test_address_or_host_name_is_taken(address: str) -> None:
    assert device(address=address).address == address


@pytest.mark.parametrize(
    "address", ["", "10.0.0.999", "a b", "-pacs", "pacs..org", "http://pacs", "pacs:104"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        device(address=address)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(ValidationError):
        device(port=port)


def test_devices_are_kept_by_name(registry: SqliteRegistry) -> None:
    devices.add(registry, device(name="B"))
    devices.add(registry, device(name="A", destination=True))
    assert [one.name for one in devices.all_devices(registry)] == ["A", "B"]
    assert devices.get(registry, "A").destination


def test_second_device_of_a_name_is_refused(registry: SqliteRegistry) -> None:
    devices.add(registry, device())
    with pytest.raises(Conflict, match="device-exists"):
        devices.add(registry, device(port=105))


def test_device_may_get_another_name(registry: SqliteRegistry) -> None:
    devices.add(registry, device())
    devices.replace(registry, "WS", device(name="Reading room", port=105))
    assert [(one.name, one.port) for one in devices.all_devices(registry)] == [("Reading room", 105)]


def test_name_of_another_device_is_not_taken_over(registry: SqliteRegistry) -> None:
    devices.add(registry, device(name="A"))
    devices.add(registry, device(name="B"))
    with pytest.raises(Conflict, match="device-exists"):
        devices.replace(registry, "A", device(name="B"))
    assert len(devices.all_devices(registry)) == 2


def test_unknown_device_cannot_be_removed(registry: SqliteRegistry) -> None:
    with pytest.raises(NotFound):
        devices.remove(registry, "nobody")
    devices.add(registry, device())
    devices.remove(registry, "WS")
    assert devices.all_devices(registry) == []

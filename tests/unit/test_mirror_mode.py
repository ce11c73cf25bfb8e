"""Who gets a series: mirror mode and fixed destinations."""

from __future__ import annotations

from petfectior.devices import Device
from petfectior.mirror_mode import destinations_for
from petfectior.task import Source


def source(address: str = "10.0.0.1", title: str = "PET") -> Source:
    return Source(calling_ae_title=title, called_ae_title="PETFECTIOR", address=address)


def device(name: str, address: str = "10.0.0.1", title: str = "", *, fixed: bool = False) -> Device:
    return Device(name=name, ae_title=title or name, address=address, port=104, destination=fixed)


def names(sender: Source, *devices: Device, mirror: bool = True) -> list[str]:
    return [one.name for one in destinations_for(sender, devices, mirror=mirror)]


def test_sender_gets_its_series_back_whatever_its_title() -> None:
    assert names(source(title="OTHER"), device("A"), device("B", "10.0.0.2")) == ["A"]


def test_of_several_at_the_address_the_one_with_the_senders_title_is_meant() -> None:
    assert names(source(), device("A"), device("PET"), device("B")) == ["PET"]


def test_all_at_the_address_are_meant_if_none_has_the_title() -> None:
    assert names(source(), device("A"), device("B"), device("C", "10.0.0.9")) == ["A", "B"]


def test_padding_of_the_title_means_nothing() -> None:
    assert names(source(title=" PET "), device("A"), device("PET")) == ["PET"]


def test_fixed_destinations_are_always_added() -> None:
    fixed = device("PACS", "10.0.0.9", fixed=True)
    assert names(source(), device("A"), fixed) == ["A", "PACS"]
    assert names(source("10.9.9.9"), device("A"), fixed) == ["PACS"]


def test_without_mirror_mode_only_fixed_destinations_count() -> None:
    assert names(source(), device("A"), mirror=False) == []
    assert names(source(), device("A"), device("P", "10.0.0.9", fixed=True), mirror=False) == ["P"]


def test_nobody_gets_it_twice() -> None:
    assert names(source(), device("PET", fixed=True)) == ["PET"]
    same = device("Same", title="PET", fixed=True)
    assert names(source(), device("PET"), same) == ["PET"]


def test_host_name_is_resolved() -> None:
    assert names(source("127.0.0.1"), device("A", "localhost")) == ["A"]


def test_host_name_that_does_not_resolve_matches_nobody() -> None:
    assert names(source(), device("A", "no-such-host.invalid")) == []


def test_ipv4_sender_on_a_dual_stack_socket_is_known() -> None:
    assert names(source("::ffff:10.0.0.1"), device("A")) == ["A"]

"""Who gets a series: routes, else mirror mode and fixed destinations."""

from __future__ import annotations

from pathlib import Path

import pytest

from petfectior import devices, routes, routing
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.devices import Device
from petfectior.errors import Conflict, NotFound, Rejected
from petfectior.pet import site_tracers
from petfectior.pet.tracers import Tracer
from petfectior.routes import Route, Table
from petfectior.routing import destinations_for
from petfectior.task import Series, Source

FDG = Series(manufacturer="GE MEDICAL SYSTEMS", model="Discovery ST", tracer="FDG")


@pytest.fixture
def registry(tmp_path: Path) -> SqliteRegistry:
    return SqliteRegistry(tmp_path)


def source(address: str = "10.0.0.1", title: str = "PET", called: str = "PETFECTIOR") -> Source:
    return Source(calling_ae_title=title, called_ae_title=called, address=address)


def device(
    name: str, address: str = "10.0.0.1", title: str = "", *, fixed: bool = False, receiver: bool = True
) -> Device:
    return Device(
        name=name, ae_title=title or name, address=address, port=104, destination=fixed, receiver=receiver
    )


def names(
    registry: SqliteRegistry, sender: Source, *known: Device, mirror: bool = True, series: Series = FDG
) -> list[str]:
    for one in known:
        devices.add(registry, one)
    return [one.name for one in destinations_for(sender, series, registry, mirror=mirror)]


def route(*destinations: str, name: str = "route", **asked: object) -> Route:
    return Route.model_validate({"name": name, "destinations": destinations, **asked})


@pytest.fixture
def routed(registry: SqliteRegistry) -> SqliteRegistry:
    """A site with a fixed destination and two workstations."""
    devices.add(registry, device("PACS", "10.0.0.9", fixed=True))
    devices.add(registry, device("WS1", "10.0.0.2"))
    devices.add(registry, device("WS2", "10.0.0.3"))
    return registry


def save(registry: SqliteRegistry, *wanted: Route) -> Table:
    revision = routes.table(registry).revision
    return routing.save(registry, Table(revision=revision, routes=wanted))


def test_sender_gets_its_series_back_whatever_its_title(registry: SqliteRegistry) -> None:
    assert names(registry, source(title="OTHER"), device("A"), device("B", "10.0.0.2")) == ["A"]


def test_of_several_at_the_address_the_one_with_the_senders_title_is_meant(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A"), device("PET"), device("B")) == ["PET"]


def test_all_at_the_address_are_meant_if_none_has_the_title(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A"), device("B"), device("C", "10.0.0.9")) == ["A", "B"]


def test_padding_of_the_title_means_nothing(registry: SqliteRegistry) -> None:
    assert names(registry, source(title=" PET "), device("A"), device("PET")) == ["PET"]


def test_fixed_destinations_are_always_added(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A"), device("PACS", "10.0.0.9", fixed=True)) == ["A", "PACS"]
    assert names(registry, source("10.9.9.9")) == ["PACS"]


def test_without_mirror_mode_only_fixed_destinations_count(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A"), mirror=False) == []
    assert names(registry, source(), device("P", "10.0.0.9", fixed=True), mirror=False) == ["P"]


def test_nobody_gets_it_twice(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("PET", fixed=True)) == ["PET"]
    assert names(registry, source(), device("Same", title="PET", fixed=True)) == ["PET"]


def test_a_device_that_may_not_receive_gets_nothing(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A", fixed=True, receiver=False)) == []


def test_host_name_is_resolved(registry: SqliteRegistry) -> None:
    assert names(registry, source("127.0.0.1"), device("A", "localhost")) == ["A"]


def test_host_name_that_does_not_resolve_matches_nobody(registry: SqliteRegistry) -> None:
    assert names(registry, source(), device("A", "no-such-host.invalid")) == []


def test_ipv4_sender_on_a_dual_stack_socket_is_known(registry: SqliteRegistry) -> None:
    assert names(registry, source("::ffff:10.0.0.1"), device("A")) == ["A"]


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True),
        ({"calling_ae_title": " PET "}, True),
        ({"calling_ae_title": "pet"}, False),
        ({"called_ae_title": "PETFECTIOR"}, True),
        ({"called_ae_title": "OTHER"}, False),
        ({"tracer": "fdg"}, True),
        ({"tracer": "fludeoxyglucose"}, True),
        ({"tracer": "NaF"}, False),
        ({"manufacturer": "ge medical systems", "model": "DISCOVERY ST"}, True),
        ({"manufacturer": "Siemens"}, False),
        ({"calling_ae_title": "PET", "model": "Vision"}, False),
        ({"enabled": False}, False),
    ],
)
def test_a_route_that_fits_decides_alone(
    routed: SqliteRegistry, asked: dict[str, object], fits: object
) -> None:
    site_tracers.save(
        routed, Tracer(name="FDG", radionuclide="18F", synonyms=("fludeoxyglucose",), published="FDG")
    )
    save(routed, route("WS1", **asked))
    assert names(routed, source(title="PET ")) == (["WS1"] if fits else ["PACS"])


def test_the_first_route_that_fits_decides(routed: SqliteRegistry) -> None:
    save(routed, route("WS2", name="off", enabled=False), route("WS1", "WS2", name="b"), route("PACS"))
    assert names(routed, source()) == ["WS1", "WS2"]


def test_a_series_whose_tracer_nobody_looked_for_fits_no_route_by_tracer(routed: SqliteRegistry) -> None:
    save(routed, route("WS1", tracer="FDG"))
    assert names(routed, source(), series=Series()) == ["PACS"]


def test_one_entity_by_two_names_gets_it_once(routed: SqliteRegistry) -> None:
    devices.add(routed, device("Alias", "10.0.0.2", "WS1"))
    save(routed, route("WS1", "Alias"))
    assert names(routed, source()) == ["WS1"]


@pytest.mark.parametrize("destination", ["nobody", "MUTE"])
def test_a_route_to_nobody_is_refused(routed: SqliteRegistry, destination: str) -> None:
    devices.add(routed, device("MUTE", "10.0.0.7", receiver=False))
    with pytest.raises(Rejected) as refused:
        save(routed, route("WS1"), route("WS1", destination, name="second"))
    assert refused.value.reason.code == "route-destination-unknown"
    assert refused.value.reason.params == {"place": 2, "count": 1}
    assert routes.table(routed).routes == ()


def test_two_routes_of_one_name_are_refused(routed: SqliteRegistry) -> None:
    with pytest.raises(Conflict, match="route-exists"):
        save(routed, route("WS1"), route("WS2"))


def test_a_table_that_changed_meanwhile_is_not_overwritten(routed: SqliteRegistry) -> None:
    first = save(routed, route("WS1"))
    routing.save(routed, first.placed(route("WS2", name="second")))
    with pytest.raises(Conflict, match="record-changed"):
        routing.save(routed, first.without("route"))
    assert [one.name for one in routes.table(routed).routes] == ["route", "second"]


def test_a_device_that_a_route_sends_to_stays_a_destination(routed: SqliteRegistry) -> None:
    save(routed, route("WS1"))
    with pytest.raises(Conflict, match="device-in-route"):
        devices.remove(routed, "WS1")
    with pytest.raises(Conflict, match="device-in-route"):
        devices.replace(routed, "WS1", device("WS1", "10.0.0.2", receiver=False))
    devices.remove(routed, "WS2")
    assert names(routed, source()) == ["WS1"]


def test_a_route_follows_a_device_to_its_new_name(routed: SqliteRegistry) -> None:
    save(routed, route("WS2", "WS1"))
    devices.replace(routed, "WS1", device("Reading room", "10.0.0.2", "WS1"))
    assert names(routed, source()) == ["WS2", "Reading room"]


@pytest.mark.parametrize("gone", ["removed", "barred"])
def test_a_destination_that_is_gone_rejects_the_series(routed: SqliteRegistry, gone: str) -> None:
    """Two people at once can get past the refusals; a series is never dropped for that."""
    save(routed, route("WS1", "WS2"))
    if gone == "removed":
        routed.delete(devices.KIND, "WS1")
    else:
        barred = device("WS1", "10.0.0.2", receiver=False)
        routed.put(devices.KIND, "WS1", barred.model_dump(mode="json"))
    with pytest.raises(Rejected) as rejected:
        names(routed, source())
    assert rejected.value.reason.code == "route-destination-gone"
    assert rejected.value.reason.params == {"place": 1, "count": 1}


def test_routes_change_their_order() -> None:
    table = Table(routes=(route("A", name="a"), route("A", name="b"), route("A", name="c")))

    def order(changed: Table) -> str:
        return "".join(one.name for one in changed.routes)

    assert order(table.moved("c", -1)) == "acb"
    assert order(table.moved("a", -1)) == "abc"
    assert order(table.moved("a", 1)) == "bac"
    assert order(table.moved("c", 1)) == "abc"
    assert order(table.placed(route("A", name="x"), "b")) == "axc"
    assert order(table.without("b")) == "ac"
    with pytest.raises(NotFound, match="route-unknown"):
        table.moved("x", 1)

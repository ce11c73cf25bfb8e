"""Where a series goes: as the first route that fits says; else to its sender and to fixed destinations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from petfectior import devices, routes
from petfectior.devices import Device, addresses, plain
from petfectior.dicom import ae_title
from petfectior.errors import Rejected
from petfectior.pet import site_tracers
from petfectior.ports import Registry
from petfectior.routes import Route, Table
from petfectior.task import Destination, Series, Source


def destinations_for(
    source: Source, series: Series, registry: Registry, *, mirror: bool
) -> list[Destination]:
    """Return the destinations of a series from `source`.

    The first enabled route that fits decides. If none does: in mirror mode the device with the sender's
    address. If several match the address, those whose AE title is the sender's; if none of them has it, all
    that match the address. Fixed destinations are added; no device that may not receive.

    Nobody is sent to twice.

    Parameters
    ----------
    source
        Who sent the series.
    series
        What it is; the tracer is "" if nobody looked for it.
    mirror
        Whether the sender gets its series back if no route fits.

    Returns
    -------
    list of Destination
        Empty if nobody is to receive the series.

    Raises
    ------
    Rejected
        ``route-destination-gone`` if the route names a device that is gone or may not be sent to.
    """
    known = devices.all_devices(registry)
    table = routes.table(registry)
    route = _route(table, source, series, registry)
    chosen = _usual(source, known, mirror=mirror) if route is None else _named(route, known, table)
    return [device.as_destination() for device in chosen]


def save(registry: Registry, table: Table) -> Table:
    """Store the table of routes in place of the one with its revision.

    Raises
    ------
    Rejected
        ``route-destination-unknown`` if a route names no device that may be sent to.
    Conflict
        If two routes have one name, or another person changed the table meanwhile.
    """
    receivers = {device.name for device in devices.all_devices(registry) if device.receiver}
    for place, route in enumerate(table.routes, 1):
        if missing := set(route.destinations) - receivers:
            raise Rejected("route-destination-unknown", place=place, count=len(missing))
    return routes.store(registry, table)


def _route(table: Table, source: Source, series: Series, registry: Registry) -> Route | None:
    from_there = [route for route in table.routes if route.comes_from(source)]
    tracers = site_tracers.names_of(registry, series.tracer) if from_there else ()
    fitting = (route for route in from_there if route.fits(series.manufacturer, series.model, tracers))
    return next(fitting, None)


def _named(route: Route, known: Iterable[Device], table: Table) -> list[Device]:
    receivers = {device.name: device for device in known if device.receiver}
    missing = sum(name not in receivers for name in route.destinations)
    if missing:
        place = table.routes.index(route) + 1
        raise Rejected("route-destination-gone", place=place, count=missing)
    return _entities(receivers[name] for name in route.destinations)


def _usual(source: Source, known: Sequence[Device], *, mirror: bool) -> list[Device]:
    chosen = _mirrored(source, known) if mirror else []
    chosen += [device for device in known if device.destination]
    return [device for device in _entities(chosen) if device.receiver]


def _entities(chosen: Iterable[Device]) -> list[Device]:
    """Return the devices without those that are another one by a second name."""
    entities: dict[tuple[str, str, int], Device] = {}
    for device in chosen:
        entities.setdefault((device.ae_title, device.address, device.port), device)
    return list(entities.values())


def _mirrored(source: Source, known: Sequence[Device]) -> list[Device]:
    sender = plain(source.address)
    at_address = [device for device in known if sender in addresses(device.address)]
    title = ae_title.plain(source.calling_ae_title)
    with_title = [device for device in at_address if device.ae_title == title]
    return with_title or at_address

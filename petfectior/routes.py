"""The table of routes: which series goes to which devices; one record, so that its order changes at once."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from petfectior.dicom.ae_title import AnyAeTitle, plain
from petfectior.errors import Conflict, NotFound
from petfectior.pet.series_criteria import SeriesCriteria
from petfectior.ports import Registry
from petfectior.task import Source

KIND: Final = "route"
KEY: Final = "table"
MOST: Final = 200


class Route(SeriesCriteria):
    """One rule: the series that fit it go to its devices, and to nobody else.

    Parameters
    ----------
    calling_ae_title, called_ae_title
        Titles that the sender used; "" fits any.
    destinations
        Names of devices.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^\w[^\x00-\x1f/]*$")
    calling_ae_title: AnyAeTitle = ""
    called_ae_title: AnyAeTitle = ""
    destinations: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        min_length=1, max_length=MOST
    )

    def comes_from(self, source: Source) -> bool:
        """Tell whether the route asks for no other AE titles than those of `source`."""
        pairs = (
            (self.calling_ae_title, source.calling_ae_title),
            (self.called_ae_title, source.called_ae_title),
        )
        return all(not asked or asked == plain(used) for asked, used in pairs)


class Table(BaseModel):
    """All routes; the first that is enabled and fits decides.

    Parameters
    ----------
    revision
        Of the stored table; 0 if none was stored yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: int = Field(0, ge=0, le=2**31 - 1)
    routes: tuple[Route, ...] = Field((), max_length=MOST)

    def placed(self, route: Route, old: str = "") -> Table:
        """Return the table with `route` in place of the one called `old`, or at its end.

        Raises
        ------
        NotFound
            If no route is called `old`.
        """
        if not old:
            return self._with([*self.routes, route])
        place = self._place(old)
        return self._with([*self.routes[:place], route, *self.routes[place + 1 :]])

    def without(self, name: str) -> Table:
        """Return the table without a route. Raises `NotFound`."""
        place = self._place(name)
        return self._with([*self.routes[:place], *self.routes[place + 1 :]])

    def moved(self, name: str, steps: int) -> Table:
        """Return the table with a route so many places further down, or up if negative. Raises `NotFound`."""
        place = self._place(name)
        rest = [*self.routes[:place], *self.routes[place + 1 :]]
        rest.insert(max(0, place + steps), self.routes[place])
        return self._with(rest)

    def _place(self, name: str) -> int:
        for place, route in enumerate(self.routes):
            if route.name == name:
                return place
        raise NotFound("route-unknown")

    def _with(self, routes: list[Route]) -> Table:
        return Table(revision=self.revision, routes=tuple(routes))


def table(registry: Registry) -> Table:
    """Return the table in force."""
    try:
        record = registry.get(KIND, KEY)
    except NotFound:
        return Table()
    return Table.model_validate({**record.value, "revision": record.revision})


def store(registry: Registry, wanted: Table) -> Table:
    """Store a table in place of the one with its revision; `petfectior.routing.save` checks it first.

    Raises
    ------
    Conflict
        ``record-changed`` if another person changed the table meanwhile, ``route-exists`` if two of its
        routes have one name.
    """
    if len({route.name for route in wanted.routes}) < len(wanted.routes):
        raise Conflict("route-exists")
    value = wanted.model_dump(mode="json", exclude={"revision"})
    record = registry.put(KIND, KEY, value, wanted.revision)
    return wanted.model_copy(update={"revision": record.revision})


def rename(registry: Registry, old: str, new: str) -> None:
    """Let every route that sends to the device `old` send to `new`. Raises `Conflict`."""
    stored = table(registry)
    if any(old in route.destinations for route in stored.routes):
        renamed = [
            route.model_copy(
                update={"destinations": tuple(new if name == old else name for name in route.destinations)}
            )
            for route in stored.routes
        ]
        store(registry, stored.model_copy(update={"routes": tuple(renamed)}))

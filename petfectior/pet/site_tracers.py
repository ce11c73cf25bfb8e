"""What a site adds to the table of tracers, and what its senders mean where their headers state none."""

from __future__ import annotations

from typing import Final

import structlog
from pydantic import ValidationError

from petfectior.errors import NotFound
from petfectior.pet.tracers import SEED, Tracer, plain
from petfectior.ports import Registry

KIND: Final = "tracer"
SENDER: Final = "sender"
"""Registry kind: key an AE title, value ``{"tracer": name}``."""
log = structlog.get_logger()


def own_rows(registry: Registry) -> list[Tracer]:
    """Return the site's own rows; a row that cannot be read is left out and logged."""
    own: list[Tracer] = []
    for record in registry.list(KIND):
        try:
            own.append(Tracer.model_validate(record.value))
        except ValidationError:
            log.warning("tracer.unreadable", code="tracer-unreadable")
    return own


def table(registry: Registry) -> list[Tracer]:
    """Return the site's rows before the seed's; a site's row hides the seed's of the same name."""
    own = own_rows(registry)
    names = {plain(row.name) for row in own}
    return own + [row for row in SEED if plain(row.name) not in names]


def names_of(registry: Registry, tracer: str) -> tuple[str, ...]:
    """Return all names of a tracer: the one given, and what its row of the table calls it too."""
    row = next((row for row in table(registry) if plain(row.name) == plain(tracer)), None)
    return (tracer, *row.synonyms) if row else (tracer,)


def save(registry: Registry, row: Tracer) -> Tracer:
    """Store a row of the site's; one of the same name is replaced."""
    registry.put(KIND, plain(row.name), row.model_dump(mode="json"))
    return row


def remove(registry: Registry, name: str) -> None:
    """Remove a row of the site's; the seed's of that name, if any, counts again.

    Raises
    ------
    NotFound
        ``tracer-unknown`` if the site has no such row.
    """
    if not any(record.key == plain(name) for record in registry.list(KIND)):
        raise NotFound("tracer-unknown")
    registry.delete(KIND, plain(name))


def default_of(registry: Registry, ae_title: str) -> str:
    """Return the name of the tracer that a sender means where its headers state none, or ""."""
    try:
        value = registry.get(SENDER, ae_title).value.get("tracer")
    except NotFound:
        return ""
    return value if isinstance(value, str) else ""


def set_default(registry: Registry, ae_title: str, name: str) -> None:
    """Say which tracer a sender means where its headers state none; "" takes that back.

    Raises
    ------
    NotFound
        ``tracer-unknown`` if the table has no such tracer.
    """
    known = next((row.name for row in table(registry) if plain(row.name) == plain(name)), "")
    if name and not known:
        raise NotFound("tracer-unknown")
    try:
        before = registry.get(SENDER, ae_title)
        rest, revision = before.value, before.revision
    except NotFound:
        rest, revision = {}, 0
    registry.put(SENDER, ae_title, {**rest, "tracer": known}, revision)

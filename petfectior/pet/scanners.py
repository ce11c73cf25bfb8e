"""Scanner makers and models: a closed enumeration, so that no free text of a header leaves.

What a site learns from arriving series (Registry kind ``scanner``) is local: each row maps to a published
name, or to "other".
"""

from __future__ import annotations

import contextlib
import re
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from petfectior.errors import Conflict, NotFound
from petfectior.pet.radionuclides import OTHER
from petfectior.pet.tracers import plain
from petfectior.ports import Registry

KIND: Final = "scanner"
log = structlog.get_logger()

MODELS: Final[dict[str, tuple[str, ...]]] = {
    "Siemens": (
        *("Biograph 6", "Biograph 16", "Biograph 40", "Biograph 64", "Biograph 128", "Biograph mCT"),
        *("Biograph mCT Flow", "Biograph Horizon", "Biograph Vision", "Biograph Vision Quadra"),
        *("Biograph mMR", "Biograph Trinion", "Biograph 1094", "ECAT EXACT HR+", "HRRT", "Inveon"),
    ),
    "GE": (
        *("Advance", "Discovery LS", "Discovery ST", "Discovery STE", "Discovery RX", "Discovery VCT"),
        *("Discovery 600", "Discovery 610", "Discovery 690", "Discovery 710", "Discovery IQ"),
        *("Discovery MI", "Discovery MI Gen 2", "Omni Legend", "SIGNA PET/MR"),
    ),
    "Philips": (
        *("Allegro", "GEMINI", "GEMINI TF", "GEMINI TF 16", "GEMINI TF 64", "Ingenuity TF"),
        *("Ingenuity TF PET/MR", "Vereos"),
    ),
    "United Imaging": (
        *("uMI 510", "uMI 550", "uMI 780", "uMI Panorama", "uMI Vista", "uEXPLORER", "uPMR 790"),
    ),
    "Mediso": ("AnyScan", "AnyScan TRIO", "nanoScan PET/CT", "nanoScan PET/MR", "LFER"),
    "Canon": ("Celesteion", "Cartesion Prime"),
    OTHER: (),
}
"""Maker → models: the published enumeration."""

MAKERS: Final = tuple(MODELS)
PUBLISHED_MODELS: Final = (*(model for models in MODELS.values() for model in models), OTHER)

_MAKER_WORDS: Final = {
    "siemens": "Siemens",
    "cps": "Siemens",
    "cti": "Siemens",
    "ge": "GE",
    "gems": "GE",
    "philips": "Philips",
    "adac": "Philips",
    "uih": "United Imaging",
    "united": "United Imaging",
    "mediso": "Mediso",
    "canon": "Canon",
    "toshiba": "Canon",
}
_MODEL_ALIASES: Final = {
    "1094": "Biograph 1094",
    "biograph40mct": "Biograph mCT",
    "signapetmr": "SIGNA PET/MR",
}


class Scanner(BaseModel):
    """A learned scanner.

    Parameters
    ----------
    manufacturer, model
        As the header writes them; these stay in the house.
    maker, published
        Names of the published enumeration that leave in their place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    manufacturer: str = Field(max_length=64)
    model: str = Field(max_length=64)
    maker: str = OTHER
    published: str = OTHER


def maker(manufacturer: str) -> str:
    """Return the published maker of a Manufacturer (0008,0070), or "other"."""
    words = re.findall(r"[a-z]+", manufacturer.lower())
    return next((_MAKER_WORDS[word] for word in words if word in _MAKER_WORDS), OTHER)


def model(of_maker: str, name: str) -> str:
    """Return the published model of a ManufacturerModelName (0008,1090), or "other"; whole names only."""
    wanted = plain(name)
    alias = _MODEL_ALIASES.get(wanted)
    models = MODELS.get(of_maker, ())
    if alias in models:
        return str(alias)
    return next((known for known in models if plain(known) == wanted), OTHER)


def published(registry: Registry, manufacturer: str, name: str) -> tuple[str, str]:
    """Return the maker and model that may leave; remember a scanner that was not seen before.

    A person may map a learned row to another published name; nothing but published names is returned.
    """
    key = f"{plain(manufacturer)}/{plain(name)}"[:128]
    for record in registry.list(KIND):
        if record.key == key:
            return _stated(record.value)
    found = maker(manufacturer)
    row = Scanner(manufacturer=manufacturer[:64], model=name[:64], maker=found, published=model(found, name))
    try:
        registry.put(KIND, key, row.model_dump(mode="json"), revision=0)
    except Conflict:
        log.debug("scanner.known")
    return row.maker, row.published


def learned(registry: Registry) -> list[tuple[str, Scanner]]:
    """Return what the site has seen: keys and rows; a row that cannot be read is left out."""
    found: list[tuple[str, Scanner]] = []
    for record in registry.list(KIND):
        with contextlib.suppress(ValidationError):
            found.append((record.key, Scanner.model_validate(record.value)))
    return found


def map_to(registry: Registry, key: str, of_maker: str, published_model: str) -> Scanner:
    """Say which published scanner a learned one is; from then on these names leave.

    Raises
    ------
    NotFound
        ``scanner-unknown`` if there is no such row, or no such published name.
    """
    before = next((record for record in registry.list(KIND) if record.key == key), None)
    if before is None or published_model not in {*MODELS.get(of_maker, ()), OTHER} or of_maker not in MODELS:
        raise NotFound("scanner-unknown")
    row = Scanner.model_validate({**before.value, "maker": of_maker, "published": published_model})
    registry.put(KIND, key, row.model_dump(mode="json"), before.revision)
    return row


def _stated(value: object) -> tuple[str, str]:
    try:
        row = Scanner.model_validate(value)
    except ValidationError:
        return OTHER, OTHER
    of_maker = row.maker if row.maker in MAKERS else OTHER
    return of_maker, row.published if row.published in MODELS[of_maker] else OTHER

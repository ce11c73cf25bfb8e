from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydicom.sr import _concepts_dict
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._snomed_dict import mapping

from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.errors import NotFound
from petfectior.pet import radionuclides, scanners, site_tracers, tracers
from petfectior.pet.tracers import Tracer

CONCEPTS: Any = _concepts_dict.concepts
PHARMACOPOEIA = {"11C": 20.385 * 60, "13N": 9.965 * 60, "15O": 122.24, "18F": 109.77 * 60}
"""European Pharmacopoeia 5.7 (01/2008:50700), from NNDC, s."""
CARDIOVASCULAR = {"64Cu": 12.7, "68Ga": 68 / 60, "89Zr": 78.4, "124I": 100.2}
"""J Nucl Med 2022;63:649, table 3, h."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SqliteRegistry]:
    one = SqliteRegistry(tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("nuclide", radionuclides.RADIONUCLIDES, ids=lambda one: one.name)
def test_codes_are_those_of_cid_4020(nuclide: radionuclides.Radionuclide) -> None:
    current, former = nuclide.codes
    assert mapping["SRT"][former] == current
    meanings = {
        meaning
        for keyword in cid_concepts[4020]["SCT"]
        for code, (meaning, _) in CONCEPTS["SCT"][keyword].items()
        if code == current
    }
    assert meanings == {f"^{nuclide.mass}^{nuclide.element.capitalize()}"}


@pytest.mark.parametrize(("name", "seconds"), PHARMACOPOEIA.items())
def test_half_lives_agree_with_the_pharmacopoeia(name: str, seconds: float) -> None:
    assert radionuclides.BY_NAME[name].half_life == pytest.approx(seconds, rel=0.005)


@pytest.mark.parametrize(("name", "hours"), CARDIOVASCULAR.items())
def test_half_lives_agree_with_a_published_table(name: str, hours: float) -> None:
    assert radionuclides.BY_NAME[name].half_life == pytest.approx(hours * 3600, rel=0.005)


def test_every_radiopharmaceutical_of_cid_4021_finds_a_tracer_of_its_radionuclide() -> None:
    meanings = [
        meaning
        for scheme, keywords in cid_concepts[4021].items()
        for keyword in keywords
        for meaning, _ in CONCEPTS[scheme][keyword].values()
    ]
    named = 0
    for meaning in meanings:
        nuclide = radionuclides.by_text(meaning)
        if nuclide is None:
            continue
        found = tracers.match([meaning], nuclide.name, tracers.SEED)
        assert found is not None
        assert found.radionuclide == nuclide.name
        named += tracers.NOT_STATED not in found.name
    assert named >= 25


def test_site_s_row_hides_the_seed_s_until_it_is_removed(registry: SqliteRegistry) -> None:
    site_tracers.save(registry, Tracer(name="FDG", radionuclide="18F", synonyms=("sugar",)))
    found = tracers.match(["Sugar"], "18F", site_tracers.table(registry))
    assert found is not None
    assert found.stated == "FDG"
    site_tracers.remove(registry, "fdg")
    assert site_tracers.table(registry) == list(tracers.SEED)
    with pytest.raises(NotFound, match="tracer-unknown"):
        site_tracers.remove(registry, "fdg")


def test_row_that_cannot_be_read_is_left_out(registry: SqliteRegistry) -> None:
    registry.put(site_tracers.KIND, "broken", {"name": ""})
    assert site_tracers.own_rows(registry) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "radionuclide": "18F"},
        {"name": "x", "radionuclide": "99mTc"},
        {"name": "x", "radionuclide": "18F", "published": "DOE^JOHN"},
    ],
)
def test_row_that_makes_no_sense_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Tracer.model_validate(fields)


def test_sender_s_default_is_a_tracer_of_the_table(registry: SqliteRegistry) -> None:
    site_tracers.set_default(registry, "SCANNER", "psma 1007")
    assert site_tracers.default_of(registry, "SCANNER") == "PSMA-1007"
    with pytest.raises(NotFound, match="tracer-unknown"):
        site_tracers.set_default(registry, "SCANNER", "DOE^JOHN")
    site_tracers.set_default(registry, "SCANNER", "")
    assert site_tracers.default_of(registry, "SCANNER") == ""


def test_learned_scanner_is_mapped_to_published_names_only(registry: SqliteRegistry) -> None:
    scanners.published(registry, "SIEMENS", "Prototype")
    [(key, row)] = scanners.learned(registry)
    assert (row.maker, row.published) == ("Siemens", "other")
    scanners.map_to(registry, key, "Siemens", "Biograph Vision")
    assert scanners.published(registry, "SIEMENS", "Prototype") == ("Siemens", "Biograph Vision")
    for maker, model in (("Siemens", "DOE^JOHN"), ("DOE^JOHN", "other"), ("GE", "Biograph Vision")):
        with pytest.raises(NotFound, match="scanner-unknown"):
            scanners.map_to(registry, key, maker, model)

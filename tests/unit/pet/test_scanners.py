from __future__ import annotations

from pathlib import Path

import pytest

from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.pet import scanners


@pytest.mark.parametrize(
    ("manufacturer", "maker"),
    [
        ("GE MEDICAL SYSTEMS", "GE"),
        ("SIEMENS", "Siemens"),
        ("CPS", "Siemens"),
        ("Philips Medical Systems", "Philips"),
        ("UIH", "United Imaging"),
        ("Mediso", "Mediso"),
        ("", "other"),
        ("General Hospital", "other"),
    ],
)
def test_maker_is_one_of_the_enumeration(manufacturer: str, maker: str) -> None:
    assert scanners.maker(manufacturer) == maker


def test_unknown_model_leaves_as_other_until_a_person_maps_it(tmp_path: Path) -> None:
    registry = SqliteRegistry(tmp_path)
    assert scanners.published(registry, "SIEMENS", "Dr. Who's scanner") == ("Siemens", "other")
    (record,) = registry.list(scanners.KIND)
    registry.put(scanners.KIND, record.key, {**record.value, "published": "Biograph mCT"})
    assert scanners.published(registry, "SIEMENS", "Dr. Who's scanner") == ("Siemens", "Biograph mCT")
    registry.put(scanners.KIND, record.key, {**record.value, "published": "Dr. Who's scanner"})
    assert scanners.published(registry, "SIEMENS", "Dr. Who's scanner") == ("Siemens", "other")
    registry.close()

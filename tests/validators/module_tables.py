"""highdicom's tables of the standard (PS3.3 A.21): which attributes a PET image must have."""

from __future__ import annotations

from collections.abc import Iterator

from highdicom._standard_utils import get_iod_module_map, get_module_attribute_map
from pydicom import Dataset

IOD = "positron-emission-tomography-image"


def missing(instance: Dataset) -> set[str]:
    """Return attributes of type 1 that are absent or empty, and of type 2 that are absent.

    Only of mandatory modules, and inside of sequences only where the sequence has items.
    """
    attributes = get_module_attribute_map()
    mandatory = [module["key"] for module in get_iod_module_map()[IOD] if module["usage"] == "M"]
    rows = [row for module in mandatory for row in attributes[module] if row["type"] in {"1", "2"}]
    return {name for row in rows for name in _missing(instance, row["path"], row["keyword"], row["type"])}


def _missing(item: Dataset, path: list[str], keyword: str, kind: str) -> Iterator[str]:
    if path:
        for inner in item.get(path[0]) or []:
            yield from (f"{path[0]}.{name}" for name in _missing(inner, path[1:], keyword, kind))
    elif keyword not in item or (kind == "1" and item[keyword].is_empty):
        yield keyword

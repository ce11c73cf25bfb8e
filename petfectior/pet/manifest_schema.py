"""Writes the published JSON Schema: ``python -m petfectior.pet.manifest_schema [FILE]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from petfectior.pet import manifest

PUBLISHED: Final = Path("docs/reference/manifest.schema.json")


def text() -> str:
    """Return the schema as it is published."""
    return json.dumps(manifest.schema(), indent=2, sort_keys=True) + "\n"


def write(path: Path) -> None:
    """Write the schema to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(), encoding="ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLISHED)

"""No field of what leaves could hold a free text: proven from the published JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from petfectior.pet import manifest_schema
from petfectior.pet.manifest import Manifest
from petfectior.settings import Settings
from services.transfer.eligibility import question
from tests.conftest import ROOT
from tests.unit.pet.test_manifest import document

NUMBERS = frozenset({"number", "integer", "boolean", "null"})


@dataclass
class Walk:
    """Every leaf of a schema: closed words, numbers, and whatever could be anything else."""

    schema: dict[str, Any]
    words: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)

    def visit(self, node: Any, where: str) -> None:
        """Sort one node; what is not known to be closed counts as free."""
        if not isinstance(node, dict):
            self.free.append(where)
        elif "$ref" in node:
            self._refer(node["$ref"], where)
        elif "enum" in node or "const" in node:
            self.words.append(where)
        elif "anyOf" in node:
            for one in node["anyOf"]:
                self.visit(one, where)
        elif node.get("type") == "object":
            self._object(node, where)
        elif node.get("type") == "array":
            self._array(node, where)
        elif node.get("type") in NUMBERS:
            self.numbers.append(where)
        else:
            self.free.append(where)

    def _refer(self, reference: str, where: str) -> None:
        name = reference.removeprefix("#/$defs/")
        if name not in self.entered:
            self.entered.add(name)
            self.visit(self.schema["$defs"][name], f"{where}({name})")

    def _object(self, node: dict[str, Any], where: str) -> None:
        if node.get("additionalProperties") is not False or "patternProperties" in node:
            self.free.append(where)
        for name, value in node.get("properties", {}).items():
            self.visit(value, f"{where}.{name}")

    def _array(self, node: dict[str, Any], where: str) -> None:
        parts = [*node.get("prefixItems", []), *([node["items"]] if "items" in node else [])]
        if not parts or ("items" not in node and node.get("maxItems") != len(parts)):
            self.free.append(where)
        for one in parts:
            self.visit(one, f"{where}[]")


def walked(schema: dict[str, Any]) -> Walk:
    walk = Walk(schema)
    walk.visit(schema, "")
    return walk


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / manifest_schema.PUBLISHED).read_text())
    return read


def test_the_manifest_has_no_free_text_field(published: dict[str, Any]) -> None:
    walk = walked(published)
    print(
        f"manifest: {len(walk.words)} closed enumerations, {len(walk.numbers)} numbers, "
        f"{len(walk.free)} free-text fields"
    )
    assert walk.free == []
    assert len(walk.words) >= 10
    assert walk.entered == set(published["$defs"])


@pytest.mark.parametrize(
    "leak",
    [
        {"type": "string"},
        {"type": "string", "pattern": "^[A-Z]+$"},
        {},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "object", "properties": {}},
        {"type": "array"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "prefixItems": [{"type": "number"}]},
        True,
    ],
)
def test_the_walk_finds_a_field_that_could_hold_one(published: dict[str, Any], leak: Any) -> None:
    properties = {**published["properties"], "StationName": leak}
    assert walked({**published, "properties": properties}).free


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict | list):
        for name, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _places(value, (*path, name))
    else:
        yield path


@settings(max_examples=150, deadline=None)
@given(text=st.text(min_size=1), data=st.data())
def test_no_text_can_be_put_anywhere(text: str, data: st.DataObject) -> None:
    made = document(Subject={"BodyWeight": 70.0, "Sex": "F", "Age": 61})
    *way, last = data.draw(st.sampled_from(list(_places(made))))
    node = made
    for name in way:
        node = node[name]
    node[last] = f"{text}~"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, json.loads(manifest_schema.text()))
    with pytest.raises(ValidationError):
        Manifest.model_validate(made, strict=True)


def test_the_question_before_the_upload_holds_the_manifest_s_words_and_the_site_s_settings_only() -> None:
    made = Manifest.model_validate(document(Subject={"BodyWeight": 70.0, "Sex": "F", "Age": 61})).document()
    site = Settings(client_id="hospital", model="a-model")
    asked = question(made, site)
    assert (asked.pop("client"), asked.pop("requested_model")) == ("hospital", "a-model")
    names = ("TracerName", "TracerRadionuclide", "Manufacturer", "ManufacturersModelName", "Reconstruction")
    assert list(asked.values()) == [made[name] for name in names]

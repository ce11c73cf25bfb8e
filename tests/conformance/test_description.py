"""The published description and the reference server tell the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from simulator.processing_server.app import create

METHODS = {"get", "post", "put", "patch", "delete", "head"}


def calls(document: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """Return each call with the parameters that it takes besides the token."""
    found: dict[tuple[str, str], set[str]] = {}
    for path, item in document["paths"].items():
        if not path.startswith("/v1"):
            continue
        for method in METHODS & item.keys():
            stated = [*item.get("parameters", []), *item[method].get("parameters", [])]
            names = {resolved(document, one)["name"].lower() for one in stated}
            found[method, path] = names - {"authorization", "content-type"}
    return found


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        document = document[name]
    return document


def test_every_call_and_parameter_is_described_and_served(
    description: dict[str, Any], tmp_path: Path
) -> None:
    served = create(tmp_path, "token", "identity").openapi()
    assert calls(served) == calls(description)


def test_bodies_have_the_same_fields(description: dict[str, Any], tmp_path: Path) -> None:
    served = create(tmp_path, "token", "identity").openapi()["components"]["schemas"]
    for name in ("EligibilityRequest", "JobRequest"):
        ours = description["components"]["schemas"][name]
        assert set(served[name]["properties"]) == set(ours["properties"])
        assert set(served[name]["required"]) == set(ours["required"])


def test_every_schema_is_a_schema(description: dict[str, Any]) -> None:
    for schema in description["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)

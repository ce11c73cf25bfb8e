"""What dashboards and rules ask Prometheus for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARDS: Final = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RULES: Final = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
SELECTOR: Final = re.compile(r"(?<![\w:])([a-zA-Z_][\w:]*)(\{[^}]*\})?(?![\w:]*\s*\()")
WORDS: Final = frozenset({"by", "on", "unless", "and", "or", "without", "sum", "max", "min"})
GROUPING: Final = re.compile(r"\b(by|on|without|ignoring)\s*\([^)]*\)")
DURATION: Final = re.compile(r"\[\w+(:\w*)?\]")


def dashboard(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Yield (where, PromQL) of every panel and rule."""
    for path in DASHBOARDS:
        for panel in dashboard(path)["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield rule.get("alert") or rule["record"], rule["expr"]


def selectors(expression: str) -> list[str]:
    """Return the vector selectors of a PromQL expression, without ranges."""
    bare = DURATION.sub("", GROUPING.sub("", expression))
    return [name + (labels or "") for name, labels in SELECTOR.findall(bare) if name not in WORDS]


def recorded() -> set[str]:
    """Return the names that recording rules give."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}

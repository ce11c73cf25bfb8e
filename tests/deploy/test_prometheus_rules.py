"""Rules and configuration as promtool and amtool judge them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import yaml

from tests.deploy.observed import DEPLOY, RULES

TESTS = DEPLOY / "prometheus" / "tests" / "alerts.yml"


def _passes(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_valid(program: Callable[[str], str]) -> None:
    _passes(program("promtool"), "check", "rules", *map(str, RULES))


def test_configuration_is_valid(program: Callable[[str], str]) -> None:
    _passes(program("promtool"), "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))


def test_alert_routing_is_valid(program: Callable[[str], str]) -> None:
    _passes(program("amtool"), "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml"))


def test_alerts_fire_and_are_silent_as_described(program: Callable[[str], str]) -> None:
    _passes(program("promtool"), "test", "rules", str(TESTS))


def test_every_alert_is_made_to_fire() -> None:
    alerts = {
        rule["alert"]
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    fired = {
        one["alertname"]
        for test in yaml.safe_load(TESTS.read_text())["tests"]
        for one in test.get("alert_rule_test", [])
        if one["exp_alerts"]
    }
    assert fired == alerts


def test_every_alert_says_what_to_do() -> None:
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
                    assert rule["annotations"]["action"], rule["alert"]

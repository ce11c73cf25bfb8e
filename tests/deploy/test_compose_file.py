"""The shipped Compose file: what it refuses, confines and leaves open."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from petfectior.supervisor import SERVICES
from tests.conftest import absent
from tests.deploy.engine import CACHE, REPOSITORY, compose_program

EXTERNAL = {"rabbitmq", "mongo", "prometheus", "alertmanager", "grafana"}
MAY_LEAVE = {"scu", "transfer"}
WAYS_OUT = {"hospital", "internet"}


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """Give the file as YAML, with its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    return found


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """Give Compose's command; it needs no engine to read a file."""
    cached = CACHE / "compose" / "bin" / "docker-compose"
    if cached.exists():
        return [str(cached)]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if os.environ.get("CI") == "true":
        return [str(compose_program())]
    absent("Compose (make compose-test installs it)")
    raise AssertionError


def _config(compose: list[str], *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PETFECTIOR_")}
    command = [*compose, "--env-file", "/dev/null", "--profile", "*", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment | settings, capture_output=True, text=True, check=False
    )


def test_file_is_valid(compose: list[str]) -> None:
    done = _config(compose, "config", "--format", "json", PETFECTIOR_SECRETS="/nowhere")
    assert done.returncode == 0, done.stderr
    assert set(SERVICES) <= set(json.loads(done.stdout)["services"])


def test_vpn_file_gives_transfer_no_network_but_the_tunnel(compose: list[str]) -> None:
    files = ("-f", "docker-compose.yml", "-f", "deploy/vpn/compose.yml")
    done = _config(compose, *files, "config", "--format", "json", PETFECTIOR_SECRETS="/nowhere")
    assert done.returncode == 0, done.stderr
    transfer = json.loads(done.stdout)["services"]["transfer"]
    assert transfer["network_mode"] == "service:vpn"
    assert not transfer.get("networks")


def test_oidc_file_gives_api_a_way_out_and_the_clients_secret(compose: list[str]) -> None:
    files = ("-f", "docker-compose.yml", "-f", "deploy/oidc/compose.yml")
    done = _config(compose, *files, "config", "--format", "json", PETFECTIOR_SECRETS="/nowhere")
    assert done.returncode == 0, done.stderr
    api = json.loads(done.stdout)["services"]["api"]
    assert set(api["networks"]) == {"broker", "web", "internet"}
    assert "dns" not in api
    told = {one["source"] for one in api["secrets"]}
    assert {"petfectior_store_url", "petfectior_oidc_client_secret"} <= told


def test_it_refuses_to_start_without_secrets_and_says_what_to_do(compose: list[str]) -> None:
    done = _config(compose, "config", "--quiet")
    assert done.returncode != 0
    assert "run deploy/docker/make-secrets" in done.stderr


def test_secrets_are_files_and_none_is_shipped(stack: dict[str, Any]) -> None:
    assert all(set(secret) == {"file"} for secret in stack["secrets"].values())
    for name, one in stack["services"].items():
        for variable, value in (one.get("environment") or {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", variable):
                assert "FILE" in variable, (name, value)


def test_services_are_confined(stack: dict[str, Any]) -> None:
    for name in SERVICES:
        one = stack["services"][name]
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["build"]["target"] == name


def test_only_scu_and_transfer_are_on_networks_with_a_way_out(stack: dict[str, Any]) -> None:
    core = {name: one for name, one in stack["services"].items() if "profiles" not in one}
    assert {name for name, one in core.items() if set(one["networks"]) & WAYS_OUT} == MAY_LEAVE
    assert stack["networks"]["broker"] == {"internal": True}
    for name in ("dicom", "web", "watch"):
        options = stack["networks"][name]["driver_opts"]
        assert options == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


def test_only_scp_and_api_publish_ports(stack: dict[str, Any]) -> None:
    core = {name: one for name, one in stack["services"].items() if "profiles" not in one}
    assert {name for name, one in core.items() if "ports" in one} == {"scp", "api"}


def test_who_may_not_leave_asks_no_resolver(stack: dict[str, Any]) -> None:
    for name, one in stack["services"].items():
        if "profiles" not in one and name not in MAY_LEAVE:
            assert one["dns"] == ["127.0.0.1"], name


def test_a_worker_may_end_what_it_has_in_hand(stack: dict[str, Any]) -> None:
    for name in ("anonymizer", "transfer", "rebuilder", "scu"):
        assert stack["services"][name]["stop_grace_period"] == "5m30s"


def test_images_of_others_are_named_by_settings(stack: dict[str, Any]) -> None:
    for name in EXTERNAL:
        assert stack["services"][name]["image"].startswith("${"), name


def test_secrets_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    script = REPOSITORY / "deploy" / "docker" / "make-secrets"
    if shutil.which("openssl") is None:
        absent("openssl")

    def make() -> dict[str, bytes]:
        subprocess.run([str(script), "--no-env", str(tmp_path / "s")], check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()}

    made = make()
    assert make() == made
    assert len({content for name, content in made.items() if name.endswith("_password")}) == 5
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    url = made["petfectior_broker_url"].decode()
    assert made["rabbitmq_password"].decode() in url

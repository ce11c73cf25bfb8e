"""The overlays, built by kustomize and held to Kubernetes' and KEDA's schemas."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from petfectior.supervisor import SERVICES
from petfectior.topology import QUEUES
from tests.conftest import absent

OVERLAYS = Path(__file__).resolve().parents[2] / "deploy" / "k8s" / "overlays"
CACHE = Path(os.environ.get("PETFECTIOR_TEST_CACHE", Path.home() / ".cache" / "petfectior-tests"))
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
NAMES = ("single-node", "production")
WORKLOADS = {"Deployment", "StatefulSet"}
VALIDATORS = ("kubernetes-validate>=1.34", "cloudcoil.models.keda>=2.16")


@pytest.fixture(scope="session")
def kustomize(program: Callable[[str], str]) -> list[str]:
    """Give the command that builds an overlay: kubectl's, or kustomize built from its Go module."""
    built = CACHE / "kustomize" / "kustomize"
    if not built.exists() and shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    if not built.exists():
        environment = dict(os.environ, GOBIN=str(built.parent), CGO_ENABLED="0")
        subprocess.run([program("go"), "install", KUSTOMIZE], env=environment, check=True, timeout=600)
    return [str(built), "build"]


@pytest.fixture(scope="session")
def validators() -> Path:
    """Give a Python with the schemas, in an environment of its own."""
    python = CACHE / "validators" / "bin" / "python"
    if not (python.parent / "kubernetes-validate").exists():
        if os.environ.get("CI") != "true" and not os.environ.get("PETFECTIOR_TEST_CACHE"):
            absent("kubernetes-validate (make k8s-manifests installs it)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(CACHE / "validators")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *VALIDATORS], check=True)
    return python


def built(kustomize: list[str], overlay: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*kustomize, str(OVERLAYS / overlay)], capture_output=True, text=True, check=True, timeout=60
    )
    return [one for one in yaml.safe_load_all(done.stdout) if one]


@pytest.fixture(params=NAMES)
def overlay(request: pytest.FixtureRequest, kustomize: list[str]) -> list[dict[str, Any]]:
    """Give each overlay's objects."""
    return built(kustomize, request.param)


def workloads(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] in WORKLOADS}


@pytest.mark.timeout(600)
def test_objects_match_the_schemas_of_kubernetes(
    overlay: list[dict[str, Any]], validators: Path, tmp_path: Path
) -> None:
    core = [one for one in overlay if not one["apiVersion"].startswith("keda.sh")]
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(core))
    command = [str(validators.parent / "kubernetes-validate"), "--strict", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert output.count(" passed for resource ") == len(core), output


JUDGE = """
import json, sys
from cloudcoil.models.keda import v1alpha1
# A field that the published CRD does not name is lost on the way there and back.
for one in json.load(sys.stdin):
    kind = getattr(v1alpha1, one["kind"])
    parsed = kind.model_validate(one)
    back = parsed.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert back["spec"] == one["spec"], (one["metadata"]["name"], back["spec"], one["spec"])
print("valid")
"""


@pytest.mark.timeout(600)
def test_scaling_matches_the_models_made_from_kedas_crd(kustomize: list[str], validators: Path) -> None:
    scaling = [one for one in built(kustomize, "production") if one["apiVersion"].startswith("keda.sh")]
    done = subprocess.run(
        [str(validators), "-c", JUDGE],
        input=json.dumps(scaling),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.strip() == "valid", done.stderr[-2000:]


def test_every_service_is_there(overlay: list[dict[str, Any]]) -> None:
    assert set(workloads(overlay)) == set(SERVICES)


def test_every_queue_is_scaled_and_never_to_zero(kustomize: list[str]) -> None:
    scaled = [one for one in built(kustomize, "production") if one["kind"] == "ScaledObject"]
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scaled} == set(QUEUES)
    for one in scaled:
        trigger = one["spec"]["triggers"][0]
        assert one["spec"]["minReplicaCount"] >= 1
        assert trigger["metadata"]["queueName"] == one["metadata"]["name"]
        assert trigger["metadata"]["protocol"] == "http"
        assert trigger["metadata"]["excludeUnacknowledged"] == "false"


def test_containers_are_confined(overlay: list[dict[str, Any]]) -> None:
    for name, one in workloads(overlay).items():
        pod = one["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], name
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
            assert {"startupProbe", "livenessProbe", "readinessProbe", "resources"} <= set(container), name


def test_a_worker_may_end_what_it_has_in_hand(overlay: list[dict[str, Any]]) -> None:
    for name in QUEUES:
        assert workloads(overlay)[name]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 300


def test_only_scu_and_transfer_may_leave(overlay: list[dict[str, Any]]) -> None:
    policies = [one for one in overlay if one["kind"] == "NetworkPolicy"]
    assert any(one["spec"]["podSelector"] == {} and "egress" not in one["spec"] for one in policies)
    leaving = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in policies
        for rule in one["spec"].get("egress", [])
        for peer in rule.get("to", [{"ipBlock": {}}])
        if "ipBlock" in peer
    }
    assert leaving == {"scu", "transfer"}


def test_the_senders_address_reaches_the_scp(overlay: list[dict[str, Any]]) -> None:
    (service,) = [one for one in overlay if one["kind"] == "Service" and one["metadata"]["name"] == "scp"]
    assert service["spec"]["externalTrafficPolicy"] == "Local"

"""Kubernetes' own programs, built from its Go module and kept in the cache."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Final

from tests.deploy.engine import CACHE, packages, say
from tests.deploy.waiting import again

VERSION: Final = "1.34.2"
NAMES: Final = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)
FOLDER: Final = CACHE / "kubernetes"
STAGING: Final = re.compile(r"^\s*(k8s\.io/\S+) => \./staging", re.MULTILINE)


def programs() -> Path:
    """Return the folder of the programs; builds what is missing (four minutes on two cores)."""
    binaries = FOLDER / "bin"
    missing = [name for name in NAMES if not (binaries / name).exists()]
    if missing:
        if shutil.which("go") is None:
            packages("golang-go")
        say(f"building {', '.join(missing)} {VERSION}")
        _module(FOLDER / "src")
        for name in missing:
            _build(name, binaries)
    return binaries


def _module(source: Path) -> None:
    """Write a module that takes Kubernetes' staging modules at the release's versions."""
    source.mkdir(parents=True, exist_ok=True)
    command = ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{VERSION}"]
    asked = again(
        lambda: subprocess.run(command, check=True, capture_output=True, text=True), "asking for Kubernetes"
    )
    declared = Path(json.loads(asked.stdout)["GoMod"]).read_text()
    staged = VERSION.replace("1.", "0.", 1)
    replaced = "\n".join(f"replace {name} => {name} v{staged}" for name in STAGING.findall(declared))
    (source / "go.mod").write_text(
        "module petfectior.test/kubernetes\n\ngo 1.24\n\n"
        f"require k8s.io/kubernetes v{VERSION}\n\n{replaced}\n"
    )
    (source / "programs.go").write_text(
        '//go:build programs\n\npackage programs\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver"\n'
    )


def _build(name: str, binaries: Path) -> None:
    version = "k8s.io/component-base/version"
    flags = f"-s -w -X {version}.gitVersion=v{VERSION} -X {version}.gitMajor=1 -X {version}.gitMinor=34"
    unfinished = binaries / f".{name}"
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", str(unfinished)]
    building = partial(
        subprocess.run,
        [*command, f"k8s.io/kubernetes/cmd/{name}"],
        cwd=FOLDER / "src",
        env=dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=mod"),
        check=True,
    )
    again(building, f"building {name}")
    unfinished.rename(binaries / name)

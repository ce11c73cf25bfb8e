"""A package made of files holds nothing of what only files have: preamble, file meta, names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydicom import Dataset
from pydicom.filewriter import dcmwrite

from tests.privacy import planted_series
from tests.privacy.canaries import FURTHER, Breeder, Canary, of_the_profile
from tests.privacy.search import find

META = {
    0x00020013: ("SH", "ImplementationVersionName"),
    0x00020016: ("AE", "SourceApplicationEntityTitle"),
    0x00020017: ("AE", "SendingApplicationEntityTitle"),
    0x00020018: ("AE", "ReceivingApplicationEntityTitle"),
    0x00020100: ("UI", "PrivateInformationCreatorUID"),
    0x00020102: ("OB", "PrivateInformation"),
}


def _written(folder: Path, series: list[Dataset], meta: dict[int, Canary], name: str) -> None:
    for number, one in enumerate(series):
        for tag, canary in meta.items():
            one.file_meta.add_new(tag, canary.vr, canary.value)
        one.preamble = meta[0x00020102].raw * 8
        dcmwrite(folder / f"{name}-{number}.dcm", one, enforce_file_format=True)


def test_nothing_of_a_file_is_in_the_package_nor_on_the_screen(shared_data: Path, tmp_path: Path) -> None:
    breeder = Breeder()
    profile = of_the_profile(shared_data, breeder)
    named = {tag: breeder.make(name, "LO") for tag, name in FURTHER.items()}
    drug, icon, name = (
        breeder.make("Radiopharmaceutical", "LO"),
        breeder.make("icon", "OB"),
        breeder.make("file", "LO"),
    )
    meta = {tag: breeder.make(what, vr) for tag, (vr, what) in META.items()}
    change = planted_series.at_the_top(profile, named, drug, icon)
    folder, package = tmp_path / name.value, tmp_path / "package"
    folder.mkdir()
    _written(folder, planted_series.series(1, profile, change), meta, name.value)
    canaries = [*profile.values(), *named.values(), drug, icon, *meta.values()]
    inside = b"".join(path.read_bytes() for path in folder.iterdir())
    assert all(raw in inside for canary in meta.values() for raw in canary.stored)
    made = _run("make", str(folder), str(package))
    shown = _run("show", str(package))
    left = {"package": b"".join(path.read_bytes() for path in _files(package)), "made": made, "shown": shown}
    found = find(left, canaries)
    print(f"{len(canaries)} canaries in files, {len(found)} in the package")
    assert found == []
    assert len(left["package"]) > 1000
    leaky = {"package": left["package"] + meta[0x00020016].value.encode()}
    assert find(leaky, canaries)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())


def _run(*arguments: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "petfectior", "package", *arguments], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr

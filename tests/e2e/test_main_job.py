"""The main job through the front door: dcmtk's storescu in, dcmtk's storescp out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import Stack
from tests.dcmtk import StoreScp, storescu
from tests.voxels import compare

Sending = Callable[..., list[dict[str, Any]]]


def _arrives(stack: Stack, destination: StoreScp, sending: Sending, folder: Path) -> None:
    before = set(destination.files())
    files = sorted(folder.iterdir())

    def send() -> None:
        sent = storescu(stack.dicom_port, "+sd", folder)
        assert sent.returncode == 0, sent.stderr

    [task] = sending(send)
    assert (task["status"], task["reason"]) == ("done", None)
    assert (task["received"], task["expected"]) == (len(files), len(files))
    found = compare(files, set(destination.files()) - before)
    assert found.instances == len(files)
    assert found.worst_in_slopes <= 0.5
    assert found.differing == set()
    assert len(found.series_uids) == 1


@pytest.mark.parametrize(
    ("case", "count"),
    [
        ("pet_ge_discovery_st_wb", 267),
        ("derived_siemens_header_phantom", 89),
        ("pet_suv_gml_crop_sts001", 59),
    ],
)
def test_a_real_series_comes_back_for_the_same_patient_with_the_same_voxels(
    stack: Stack, destination: StoreScp, sending: Sending, shared_data: Path, case: str, count: int
) -> None:
    folder = shared_data / "dicom" / case
    assert len(list(folder.iterdir())) == count
    _arrives(stack, destination, sending, folder)


@pytest.mark.parametrize("implicit", [True, False])
def test_a_generated_series_comes_back(
    stack: Stack,
    destination: StoreScp,
    sending: Sending,
    generated: Path,
    *,
    implicit: bool,
) -> None:
    phantom = Phantom(slices=50, rows=96, columns=80, seed=7 + implicit)
    PhantomSeries(phantom, implicit=implicit).write(generated)
    _arrives(stack, destination, sending, generated)

"""Routes through the front door: dcmtk's storescu in under two AE titles, two storescp out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import Stack
from tests.dcmtk import StoreScp, storescp, storescu

Sending = Callable[..., list[dict[str, Any]]]
SLICES = 12


def test_a_sender_with_a_route_reaches_only_its_workstation(
    stack: Stack, destination: StoreScp, sending: Sending, generated: Path, tmp_path: Path
) -> None:
    def came(calling: str, seed: int) -> tuple[int, int]:
        folder = generated / str(seed)
        folder.mkdir()
        PhantomSeries(Phantom(slices=SLICES, rows=48, columns=40, seed=seed)).write(folder)
        before = len(destination.files()), len(ward.files())

        def send() -> None:
            sent = storescu(stack.dicom_port, "+sd", folder, calling=calling)
            assert sent.returncode == 0, sent.stderr

        [task] = sending(send)
        assert (task["status"], task["reason"]) == ("done", None)
        return len(destination.files()) - before[0], len(ward.files()) - before[1]

    with storescp(tmp_path / "ward") as ward:
        stack.add_workstation("ward", ward.port)
        route = {"name": "north", "calling_ae_title": "PET_NORTH", "destinations": ["ward"]}
        table = stack.call("PUT", "routes", json={"revision": 0, "routes": [route]}).json()
        assert came("PET_NORTH", 31) == (0, SLICES)
        assert came("PET_SOUTH", 32) == (SLICES, SLICES)
        stack.call("PUT", "routes", json={"revision": table["revision"], "routes": []})
        assert came("PET_NORTH", 33) == (SLICES, SLICES)

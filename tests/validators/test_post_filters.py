"""Post-filter rules through a whole gateway: each that fits yields one series; edges do not darken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from scipy.ndimage import gaussian_filter

from petfectior import wiring
from petfectior.pet.filter_rules import KIND, Rule
from petfectior.pet.post_filter import FWHM_PER_SIGMA
from petfectior.settings import Settings
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import Stack, wait_for
from tests.dcmtk import StoreScp, storescp, storescu

FWHM = 6.0
RULES = {
    "soft": Rule(name="soft", tracer="FDG", fwhm=FWHM, description="6 mm", series_number=77),
    "as-is": Rule(name="as it is", description="Research", description_mode="replace"),
    "off": Rule(name="off", enabled=False, fwhm=3.0),
    "elsewhere": Rule(name="another scanner", model="Discovery ST", fwhm=3.0),
}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[Stack, StoreScp]]:
    with storescp(tmp_path / "arrived") as destination:
        stack = Stack(tmp_path / "gateway", model="identity", environment={"quiet_seconds": "2"})
        try:
            stack.start_server()
            stack.start_gateway()
            stack.add_workstation(port=destination.port)
            _store_rules(stack)
            yield stack, destination
        finally:
            stack.stop()


def _store_rules(stack: Stack) -> None:
    ports = wiring.connect(Settings(data_dir=stack.folder / "data"))
    for key, rule in RULES.items():
        ports.registry.put(KIND, key, rule.model_dump(mode="json"))
    ports.close()


def test_two_rules_that_fit_yield_two_series(gateway: tuple[Stack, StoreScp], tmp_path: Path) -> None:
    stack, destination = gateway
    files = PhantomSeries(Phantom(slices=14, rows=48, columns=40, seed=91)).write(tmp_path / "series")
    assert storescu(stack.dicom_port, *files).returncode == 0
    wait_for(lambda: any(one["status"] == "done" for one in stack.tasks()), "the task has not ended", 120)
    arrived = [dcmread(path) for path in destination.files()]
    assert len(arrived) == 2 * len(files)
    source = _volume([dcmread(path) for path in files])
    soft = [one for one in arrived if one.SeriesNumber == 77]
    plain = [one for one in arrived if one.SeriesNumber != 77]
    assert {str(one.SeriesDescription) for one in plain} == {"Research"}
    assert {str(one.SeriesDescription) for one in soft} == {"WB FDG OSEM AC PETfectior 6 mm"}
    slopes = max(float(one.RescaleSlope) for one in arrived)
    assert np.abs(_volume(plain) - source).max() <= slopes
    sigma = [
        FWHM / FWHM_PER_SIGMA / step for step in Phantom(slices=14, rows=48, columns=40, seed=91).spacing
    ]
    expected = gaussian_filter(source, sigma, mode="nearest")
    assert np.abs(_volume(soft) - expected).max() <= slopes + 1e-4 * expected.max()
    codes = [item.CodeValue for item in soft[0].DerivationCodeSequence]
    assert codes == ["113087", "113088"]


def _volume(images: Sequence[Dataset]) -> np.ndarray:
    ordered = sorted(images, key=lambda one: float(one.ImagePositionPatient[2]))
    return np.stack([one.pixel_array * float(one.RescaleSlope) for one in ordered])

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from petfectior.pet.filter_rules import Rule
from petfectior.pet.post_filter import apply

SPACING = (3.0, 2.0, 2.5)
SIGMA_PER_FWHM = 1 / 2.3548


@pytest.fixture
def volume() -> np.ndarray:
    return np.random.default_rng(5).poisson(100, (9, 12, 14)).astype(np.float32)


@pytest.mark.parametrize("slices", [1, 2, 9])
@pytest.mark.parametrize("fwhm", [0.5, 4.0, 12.0])
def test_filter_is_the_gaussian_of_its_width_in_mm(volume: np.ndarray, slices: int, fwhm: float) -> None:
    some = volume[:slices]
    made = np.stack(list(apply(some, None, Rule(name="g", fwhm=fwhm), SPACING)))
    sigma = [fwhm * SIGMA_PER_FWHM / step for step in SPACING]
    assert made == pytest.approx(gaussian_filter(some, sigma, mode="nearest"), rel=1e-4)


def test_edges_do_not_darken() -> None:
    flat = np.full((6, 10, 10), 7.0, np.float32)
    made = np.stack(list(apply(flat, None, Rule(name="g", fwhm=8.0), SPACING)))
    assert made == pytest.approx(flat, rel=1e-6)


def test_part_of_the_removed_noise_comes_back(volume: np.ndarray) -> None:
    noise = np.ones_like(volume)
    made = np.stack(list(apply(volume, noise, Rule(name="n", noise=30), SPACING)))
    assert made == pytest.approx(volume + 0.3)


def test_rule_without_width_and_noise_changes_nothing(volume: np.ndarray) -> None:
    made = np.stack(list(apply(volume, None, Rule(name="plain"), SPACING)))
    assert np.array_equal(made, volume)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule(name="any"), True),
        (Rule(name="off", enabled=False), False),
        (Rule(name="ge", manufacturer="ge"), True),
        (Rule(name="siemens", manufacturer="Siemens"), False),
        (Rule(name="all", manufacturer="GE", model="Discovery ST", tracer="FDG"), True),
        (Rule(name="tracer", tracer="NaF"), False),
    ],
)
def test_rule_fits_what_it_asks_for(rule: Rule, fits: object) -> None:
    assert rule.fits("GE", "Discovery ST", ["fluorodeoxyglucose", "FDG"]) is fits

"""What a series is in numbers: checked against volumes whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from petfectior.pet.quantification import Figures, Tally, Uptake, drift, sphere
from petfectior.pet.suv import Scale

SPACING = (3.0, 2.0, 2.0)
BODY_WEIGHT = Scale(0.5, "suv-from-series-time")


def figures(volume: NDArray[np.int16], slopes: list[float], slices: int | None = None) -> Figures:
    tally = Tally()
    for plane, slope in zip(volume, slopes, strict=True):
        tally.add(plane, slope)
    uptake = Uptake(tally, SPACING, slices or len(volume))
    for plane, slope in zip(volume, slopes, strict=True):
        uptake.add(plane, slope)
    return uptake.figures(BODY_WEIGHT)


def test_range_total_and_threshold_volume_follow_each_slice_s_own_slope() -> None:
    volume = np.zeros((4, 30, 30), np.int16)
    volume[1, 10:12, 10:12] = 100
    volume[2, 10, 10] = 100
    volume[0, 0, 0] = -7
    found = figures(volume, [1.0, 1.0, 0.42, 1.0])
    assert (found.lowest, found.highest) == (-7.0, 100.0)
    assert found.total == pytest.approx((400 + 42 - 7) * 12 / 1000)
    assert found.voi_mean == pytest.approx((400 + 42) / 5)
    assert found.voi_volume == pytest.approx(5 * 12 / 1000)
    assert found.suv_max == pytest.approx(50.0)
    assert found.suv_mean == pytest.approx((400 + 42) / 10)


def test_peak_of_a_large_flat_lesion_is_its_value_even_at_the_edge() -> None:
    volume = np.zeros((9, 30, 30), np.int16)
    volume[:, :14, :14] = 80
    volume[0, 0, 0] = 81
    found = figures(volume, [1.0] * 9)
    assert found.peak == pytest.approx(80.0, rel=2e-3)


def test_peak_of_one_hot_voxel_is_its_share_of_a_millilitre() -> None:
    volume = np.zeros((9, 30, 30), np.int16)
    volume[4, 15, 15] = 1000
    found = figures(volume, [1.0] * 9)
    assert found.peak == pytest.approx(1000 * 12 / 1000, rel=0.03)
    assert found.suv_peak == pytest.approx(found.peak / 2)


def test_peak_stays_within_its_frame() -> None:
    volume = np.zeros((4, 20, 20), np.int16)
    volume[1] = 50
    volume[1, 10, 10] = 60
    volume[2:] = 3
    two_frames = figures(volume, [1.0] * 4, slices=2)
    alone = figures(volume[:2], [1.0] * 2)
    assert two_frames.peak == alone.peak
    assert two_frames.total == pytest.approx(float(volume.sum()) * 12 / 1000 / 2)


@pytest.mark.parametrize(
    "spacing", [(3.27, 5.47, 5.47), (1.0, 1.0, 1.0), (2.78, 2.04, 2.04), (20.0, 2.0, 2.0)]
)
def test_sphere_holds_one_millilitre(spacing: tuple[float, float, float]) -> None:
    volume = float(sphere(spacing).sum()) * math.prod(spacing) / 1000
    tall_voxel = spacing[0] > 12.4
    assert volume == pytest.approx(1.0, rel=0.25 if tall_voxel else 0.04)


def test_a_series_without_activity_has_no_threshold_volume() -> None:
    found = figures(np.zeros((3, 5, 5), np.int16), [1.0] * 3)
    assert (found.voi_mean, found.suv_mean, found.suv_max) == (None, None, 0.0)


@pytest.mark.parametrize(("before", "after", "change"), [(10, 12, 0.2), (0, 0, 0.0), (0, 1, math.inf)])
def test_drift_is_relative(before: float, after: float, change: float) -> None:
    assert drift(before, after) == pytest.approx(change)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from petfectior.errors import Quarantined
from petfectior.pet import rescale

SLOPES = st.floats(min_value=1e-12, max_value=1e12)


@given(SLOPES)
def test_slope_is_written_in_16_characters_and_read_back_as_near_as_they_allow(slope: float) -> None:
    written = rescale.as_ds(slope)
    assert len(written) <= 16
    assert float(written) == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize("text", ["1.7141", "0.184427", "0.00007351088662", "46.1234", "1"])
def test_slope_that_came_out_of_a_ds_survives(text: str) -> None:
    assert rescale.survives(float(text))


def test_stored_values_pass_unchanged() -> None:
    stored = np.array([[-32768, 32767], [0, 5]], np.int16)
    kept = rescale.keep(stored, 1.7141)
    assert kept.stored is stored
    assert (kept.slope, kept.error) == ("1.7141", 0.0)


def test_slope_that_does_not_fit_states_its_error() -> None:
    stored = np.array([[32767]], np.int16)
    kept = rescale.keep(stored, 1 / 3)
    read_back = stored * float(kept.slope)
    assert 0 < kept.error <= kept.bound
    assert abs(read_back - stored / 3).max() == pytest.approx(kept.error, rel=0.5)


@given(arrays.arrays(np.float64, (4, 5), elements=st.floats(-1e9, 1e9, allow_subnormal=False)), st.booleans())
def test_error_is_within_half_a_slope_and_nothing_is_clipped(values: np.ndarray, signed: bool) -> None:
    values = values if signed else np.abs(values)
    made = rescale.quantise(values, signed=signed)
    slope = float(made.slope)
    assert slope > 0
    assert made.stored.dtype == (np.int16 if signed else np.uint16)
    error = np.abs(made.stored * slope - values).max()
    assert error <= made.bound * (1 + 1e-9)
    assert error == pytest.approx(made.error)


def test_empty_slice_has_a_slope_above_zero() -> None:
    made = rescale.quantise(np.zeros((3, 3)), signed=True)
    assert (made.slope, made.error) == ("1", 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_value_that_is_no_number_is_quarantined(bad: float) -> None:
    with pytest.raises(Quarantined, match="result-not-finite"):
        rescale.quantise(np.array([[0.0, bad]]), signed=True)


def test_negative_value_in_an_unsigned_series_is_never_clipped() -> None:
    with pytest.raises(Quarantined, match="result-negative"):
        rescale.quantise(np.array([[-1.0, 3.0]]), signed=False)


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan"), float("inf")])
def test_slope_that_is_not_positive_is_quarantined(slope: float) -> None:
    with pytest.raises(Quarantined, match="slope"):
        rescale.keep(np.zeros((2, 2), np.int16), slope)

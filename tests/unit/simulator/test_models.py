"""The models of the reference server: as many slices out as in, less noise, the same activity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from simulator.phantom import Phantom
from simulator.processing_server.models import MODELS, gaussian

PHANTOM = Phantom(slices=20, rows=100, columns=100)


@pytest.mark.parametrize("name", sorted(name for name, model in MODELS.items() if not model.exact))
def test_a_denoiser_removes_noise_and_keeps_activity(name: str) -> None:
    noisy = np.stack(list(PHANTOM.planes()))
    truth = np.stack([PHANTOM.truth(index) for index in range(20)])
    smooth = np.stack(list(MODELS[name].smooth(iter(noisy), PHANTOM.spacing)))
    assert smooth.shape == noisy.shape
    assert abs(smooth.sum() / noisy.sum() - 1) < 0.05
    flat = ndimage.generic_gradient_magnitude(truth, ndimage.sobel) < 1.0
    inside = flat & (truth > 500)
    assert (smooth - truth)[inside].std() < (noisy - truth)[inside].std()


def test_identity_changes_nothing() -> None:
    noisy = list(PHANTOM.planes())
    assert all(a is b for a, b in zip(MODELS["identity"].smooth(noisy, PHANTOM.spacing), noisy, strict=True))


@pytest.mark.parametrize("slices", [1, 2, 3, 20])
def test_the_streamed_gaussian_is_the_gaussian_of_the_whole_volume(slices: int) -> None:
    volume = np.random.default_rng(1).random((slices, 12, 14)).astype(np.float32)
    spacing = (3.0, 4.0, 4.0)
    streamed = np.stack(list(gaussian.smooth(iter(volume), spacing)))
    radius = [int(4 * gaussian.SIGMA / size + 0.5) for size in spacing]
    radius[0] = int(3 * gaussian.SIGMA / spacing[0] + 0.5)
    sigma = [gaussian.SIGMA / size for size in spacing]
    whole = ndimage.gaussian_filter(volume, sigma, radius=radius, mode=["nearest", "reflect", "reflect"])
    assert np.allclose(streamed, whole, atol=1e-5)

"""The models that the reference server offers, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.processing_server.models import gaussian, identity, non_local_means, total_variation

Slice = npt.NDArray[np.float32]
Smooth = Callable[[Iterable[Slice], tuple[float, float, float]], Iterator[Slice]]


@dataclass(frozen=True)
class Model:
    """A denoiser that reads and yields the slices of one frame.

    Parameters
    ----------
    smooth
        Takes the slices of a frame in order, each (rows, columns) in the source's units, and the voxel
        spacing (z, y, x) in mm; yields as many.
    exact
        Stored values and slopes pass unchanged.
    needs
        What it asks of the patient: a subset of weight, height, sex, age.
    """

    name: str
    version: str
    smooth: Smooth
    exact: bool = False
    needs: tuple[str, ...] = ()


PATIENT: Final = ("weight", "height", "sex", "age")
MODELS: Final = {
    model.name: model
    for model in (
        Model("identity", "1.0", identity.smooth, exact=True),
        Model("identity-per-patient", "1.0", identity.smooth, exact=True, needs=PATIENT),
        Model("gaussian", "1.0", gaussian.smooth),
        Model("non-local-means", "1.0", non_local_means.smooth),
        Model("total-variation", "1.0", total_variation.smooth),
    )
}

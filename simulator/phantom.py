"""A whole-body FDG phantom: organs, hot lesions, realistic noise; any size, the same for the same seed.

Activity concentrations are in Bq/ml, of an 80 kg patient with 300 MBq of [18F]FDG an hour after injection
(SUV 1 is about 2.6 kBq/ml then). The body is 1.75 m long in 3 mm slices of 4 mm pixels by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Plane = npt.NDArray[np.float32]
SUV: Final = 2600.0
BODY: Final = (890.0, 210.0, 130.0)


@dataclass(frozen=True)
class Ellipsoid:
    """A region of constant uptake.

    Parameters
    ----------
    centre, radii
        (z, y, x) in mm from the middle of the body; z points to the head, y to the back, x to the left.
    suv
        Uptake that replaces what is there.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    suv: float


ORGANS: Final = (
    Ellipsoid((0, 0, 0), (640, 115, 180), 0.6),  # trunk
    Ellipsoid((-480, 0, 85), (400, 75, 75), 0.5),  # legs
    Ellipsoid((-480, 0, -85), (400, 75, 75), 0.5),
    Ellipsoid((680, 0, 0), (110, 95, 75), 0.9),  # head
    Ellipsoid((715, 0, 0), (60, 75, 62), 7.5),  # brain
    Ellipsoid((330, -5, 85), (125, 75, 60), 0.35),  # lungs
    Ellipsoid((330, -5, -85), (125, 75, 60), 0.35),
    Ellipsoid((290, -35, 35), (45, 38, 42), 3.2),  # heart wall
    Ellipsoid((290, -35, 35), (30, 24, 28), 1.6),  # its blood
    Ellipsoid((165, -15, -75), (70, 75, 85), 2.3),  # liver
    Ellipsoid((165, 45, 100), (45, 30, 30), 1.9),  # spleen
    Ellipsoid((95, 50, 65), (50, 24, 22), 3.8),  # kidneys
    Ellipsoid((85, 50, -65), (50, 24, 22), 3.8),
    Ellipsoid((-140, -30, 0), (38, 36, 42), 14.0),  # bladder
    Ellipsoid((60, 60, 0), (420, 14, 14), 1.4),  # marrow of the spine
)
LESIONS: Final = (
    Ellipsoid((360, 10, -90), (9, 9, 9), 6.5),
    Ellipsoid((270, 20, 95), (6, 6, 6), 5.0),
    Ellipsoid((190, -40, -100), (11, 11, 11), 7.0),
    Ellipsoid((450, -20, 15), (7, 7, 7), 4.5),
    Ellipsoid((-60, 30, 60), (8, 8, 8), 5.5),
)


@dataclass(frozen=True)
class Phantom:
    """A body in a matrix of slices.

    Parameters
    ----------
    slices, rows, columns
        Size of the matrix.
    seed
        Decides the noise.
    counts
        Sensitivity: more gives less noise. 1 looks like a routine scan of two minutes a bed.
    """

    slices: int = 299
    rows: int = 200
    columns: int = 200
    seed: int = 1
    counts: float = 1.0

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm: the body fills the matrix however many voxels it has."""
        return 2 * BODY[0] / self.slices, 800.0 / self.rows, 800.0 / self.columns

    def truth(self, index: int) -> Plane:
        """Return slice `index` (0 at the feet) without noise, shape (rows, columns), Bq/ml."""
        depth, height, width = self.spacing
        z = (index + 0.5) * depth - BODY[0]
        y = ((np.arange(self.rows) + 0.5) * height - 400.0)[:, None]
        x = ((np.arange(self.columns) + 0.5) * width - 400.0)[None, :]
        plane = np.zeros((self.rows, self.columns), np.float32)
        for organ in (*ORGANS, *LESIONS):
            _paint(plane, organ, z, y, x)
        return np.asarray(ndimage.gaussian_filter(plane * SUV, (2.1 / height, 2.1 / width)), np.float32)

    def planes(self) -> Iterator[Plane]:
        """Yield the slices from the feet to the head as a scanner reconstructs them, Bq/ml, ≥ 0."""
        random = np.random.default_rng(self.seed)
        _, height, width = self.spacing
        for index in range(self.slices):
            yield self._noisy(self.truth(index), random, (2.1 / height, 2.1 / width))

    def _noisy(self, truth: Plane, random: np.random.Generator, sigma: tuple[float, float]) -> Plane:
        """Add noise as OSEM has it: its deviation follows the uptake, its grain the resolution."""
        grain = ndimage.gaussian_filter(random.standard_normal(truth.shape, np.float32), sigma)
        grain /= max(float(grain.std()), 1e-9)
        deviation = 0.14 * np.sqrt(truth * SUV / self.counts) + 4.0
        return np.asarray(np.maximum(truth + grain * deviation, 0.0), np.float32)


def _paint(
    plane: Plane,
    organ: Ellipsoid,
    z: float,
    y: npt.NDArray[np.floating[Any]],
    x: npt.NDArray[np.floating[Any]],
) -> None:
    off = ((z - organ.centre[0]) / organ.radii[0]) ** 2
    if off >= 1.0:
        return
    inside = ((y - organ.centre[1]) / organ.radii[1]) ** 2 + ((x - organ.centre[2]) / organ.radii[2]) ** 2
    plane[inside < 1.0 - off] = organ.suv

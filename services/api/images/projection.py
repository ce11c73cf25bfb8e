"""Maximum intensity projections of a series before and after, and of what changed.

One plane is in memory at a time: a series of 673 x 440 x 440 costs what its projections cost, some 7 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import numpy as np
from numpy.typing import NDArray

from petfectior.pet import acquisition, suv
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.header_values import Header
from services.api.images.volume import Place, Plane, Volume

Projection = NDArray[np.float32]


class View(StrEnum):
    """The plane that is projected to."""

    CORONAL = "coronal"
    SAGITTAL = "sagittal"


class Kind(StrEnum):
    """Which voxels."""

    BEFORE = "before"
    AFTER = "after"
    DIFFERENCE = "difference"


@dataclass(frozen=True)
class Projections:
    """What is kept of a series and one of its outputs, to show pictures of them.

    Parameters
    ----------
    images
        (slices, columns) for coronal, (slices, rows) for sagittal, in the series' units; the first line is
        the top of the picture: the head, where slices lie across the body.
    spacing
        Distance of slices, rows and columns, mm.
    factor
        SUV = factor x value, or None.
    code
        Reason code: by which rule there is a factor, or why not.
    """

    images: dict[tuple[View, Kind], Projection]
    places: list[Place]
    spacing: tuple[float, float, float]
    units: str
    factor: float | None
    code: str

    @property
    def highest(self) -> float:
        """The highest value of the source, in SUV if there is a factor."""
        return float(self.images[View.CORONAL, Kind.BEFORE].max()) * (self.factor or 1.0)


def project(volume: Volume) -> Projections:
    """Look at every plane once. A dynamic series is projected over time as well."""
    slices, rows, columns = volume.package.shape[-3:]
    empty = {View.CORONAL: (slices, columns), View.SAGITTAL: (slices, rows)}
    images = {
        (view, kind): np.full(shape, 0.0 if kind is Kind.DIFFERENCE else -np.inf, np.float32)
        for view, shape in empty.items()
        for kind in Kind
    }
    for index in range(len(volume)):
        before, after = volume.before(index), volume.after(index)
        line = _line(volume, index % slices)
        for axis, view in enumerate((View.CORONAL, View.SAGITTAL)):
            _highest(images[view, Kind.BEFORE][line], before, axis)
            _highest(images[view, Kind.AFTER][line], after, axis)
            _farthest(images[view, Kind.DIFFERENCE][line], after - before, axis)
    spacing = cast("list[float]", volume.package.manifest["VoxelSpacing"])
    scale = suv.scale(*_headers(volume))
    return Projections(
        images,
        volume.places,
        (spacing[0], spacing[1], spacing[2]),
        volume.package.units,
        scale.factor,
        scale.code,
    )


def _headers(volume: Volume) -> tuple[Header, Acquisition]:
    parsed = volume.header_before(0)
    return parsed, acquisition.read(parsed, volume.facts())


def _line(volume: Volume, index: int) -> int:
    """Return where a slice is drawn: slices lie along the normal, which mostly points to the head."""
    cosines = cast("list[float]", volume.package.manifest["ImageOrientation"])
    upward = cosines[0] * cosines[4] - cosines[1] * cosines[3] > 0
    return volume.package.shape[-3] - 1 - index if upward else index


def _highest(line: Projection, plane: Plane, axis: int) -> None:
    np.maximum(line, plane.max(axis=axis), out=line)


def _farthest(line: Projection, change: Plane, axis: int) -> None:
    """Keep the change that is farthest from 0, with its sign."""
    up, down = change.max(axis=axis), change.min(axis=axis)
    found = np.where(up >= -down, up, down)
    np.copyto(line, found, where=np.abs(found) > np.abs(line))

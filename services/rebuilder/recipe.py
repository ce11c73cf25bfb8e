"""How each output is made of the result: as it came, or through one of the site's post-filters."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, cast

import numpy as np

from petfectior.pet import filter_rules, post_filter, rescale, site_tracers, voxel_block
from petfectior.pet.filter_rules import Rule
from petfectior.pet.post_filter import Plane
from petfectior.pet.quantification import Tally
from petfectior.pet.rescale import Rescaled
from petfectior.ports import Registry
from petfectior.task import Package, Series
from services.rebuilder.result import Descriptor, Result, VoxelBlock
from services.rebuilder.survey import survey, voxel_spacing

PLAIN: Final = "plain"


@dataclass(frozen=True)
class Recipe:
    """One output.

    Parameters
    ----------
    id
        Id of the output; part of its UIDs, so another rule never repeats them.
    place
        Which of the task's outputs it is, from 0.
    rule
        Post-filter that it went through, if any.
    descriptor
        What the server said of the result.
    values
        Its voxels.
    range
        Lowest, highest and total value, and where the highest is.
    """

    id: str
    place: int
    rule: Rule | None
    descriptor: Descriptor
    values: VoxelBlock
    range: Tally

    @property
    def signed(self) -> bool:
        """PixelRepresentation of the whole series."""
        return self.values.dtype == "int16" or rescale.needs_sign(self.range.lowest)

    def slices(self) -> Iterator[Rescaled]:
        """Yield the slices in the block's order, ready to be stored."""
        for stored, slope in zip(self.values.slices(), self.values.slopes, strict=True):
            if self.values.dtype == "float32":
                yield rescale.quantise(stored.astype(np.float64), signed=self.signed)
            else:
                yield rescale.keep(cast("rescale.Stored", stored), slope)


def recipes(
    result: Result, found: Tally, series: Series, package: Package, *, registry: Registry, folder: Path
) -> Iterator[Recipe]:
    """Yield one recipe per enabled post-filter that fits the series; the plain one if none does.

    Parameters
    ----------
    found
        Range of the result as it came.
    folder
        Scratch folder for filtered values: only one output's lie there at a time.
    """
    names = site_tracers.names_of(registry, series.tracer)
    fitting = [
        rule for rule in filter_rules.rules(registry) if rule.fits(series.manufacturer, series.model, names)
    ]
    if not fitting:
        yield Recipe(PLAIN, 0, None, result.descriptor, result.image, found)
    for place, rule in enumerate(fitting):
        name = f"rule-{hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:16]}"
        values = _filtered(result, rule, package, folder / f"{name}.float32")
        yield Recipe(name, place, rule, result.descriptor, values, survey(values.slices(), values.slopes))
        values.path.unlink()


def _filtered(result: Result, rule: Rule, package: Package, path: Path) -> VoxelBlock:
    steps = voxel_spacing(package)
    image = _real(result.image)
    noise = _real(result.removed_noise) if result.removed_noise else None
    shape = package.shape
    planes = (
        plane
        for _ in range(math.prod(shape[:-3]))
        for plane in post_filter.apply(
            islice(image, shape[-3]), islice(noise, shape[-3]) if noise else None, rule, steps
        )
    )
    voxel_block.write(path, planes, shape, "float32", "none")
    return VoxelBlock(path, shape, "float32", "none", [1.0] * math.prod(shape[:-2]))


def _real(block: VoxelBlock) -> Iterator[Plane]:
    for stored, slope in zip(block.slices(), block.slopes, strict=True):
        yield stored.astype(np.float64) * slope

"""Builds the derived series of a task from the server's answer and the stored source slices."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import structlog

from petfectior.deliveries import open_deliveries
from petfectior.errors import Permanent, Quarantined
from petfectior.handling import Advance, Change, Claim
from petfectior.pet.quantification import Tally, Uptake
from petfectior.ports import BlobStore, Registry
from petfectior.scratch import fetch
from petfectior.settings import Settings
from petfectior.task import Output, Package, Task
from petfectior.transitions import QUARANTINED
from petfectior.work import Stage
from services.rebuilder.output import write_output
from services.rebuilder.recipe import recipes
from services.rebuilder.result import VoxelBlock, unpacked
from services.rebuilder.source_slices import SourceSlices
from services.rebuilder.survey import check_drift, survey, uptake

log = structlog.get_logger()


def rebuild(claim: Claim, *, blobs: BlobStore, registry: Registry, settings: Settings) -> Advance:
    """Check the result, build one derived series per output, and open the deliveries.

    Raises
    ------
    Quarantined
        If the result must not be believed; it stays named on the task.
    Permanent
        If something of our own is missing or damaged.
    """
    package = claim.task.package
    if package is None:
        raise Permanent("package-missing")
    began = time.monotonic()
    try:
        outputs = _outputs(claim, package, blobs, registry, settings)
    except Quarantined as error:
        claim.save(_quarantine(error.reason.code))
        raise
    count = sum(output.count for output in outputs)
    log.info("series.rebuilt", count=count, seconds=round(time.monotonic() - began, 3))

    def change(task: Task) -> None:
        task.outputs = outputs
        open_deliveries(task, time.time())

    return Advance(Stage.DELIVER, change)


def _quarantine(code: str) -> Change:
    """Name the result as quarantined and nothing else; a retry asks for another."""

    def alter(task: Task) -> None:
        task.quarantine += task.result
        task.result = []
        if task.job is not None:
            task.job.state, task.job.message = QUARANTINED, code

    return alter


def _outputs(
    claim: Claim, package: Package, blobs: BlobStore, registry: Registry, settings: Settings
) -> list[Output]:
    task = claim.task
    with (
        tempfile.TemporaryDirectory(prefix="petfectior-") as name,
        SourceSlices(blobs, task, package.order) as sources,
    ):
        folder = Path(name)
        result = unpacked(blobs, task, package, folder)
        after = survey(result.image.slices(), result.image.slopes)
        before = _source_uptake(
            package, sources, after, blobs=blobs, folder=folder, allowed=settings.activity_drift
        )
        return [
            write_output(
                claim, recipe, sources, before=before, package=package, blobs=blobs, settings=settings
            )
            for recipe in recipes(result, after, task.series, package, registry=registry, folder=folder)
        ]


def _source_uptake(
    package: Package,
    sources: SourceSlices,
    after: Tally,
    *,
    blobs: BlobStore,
    folder: Path,
    allowed: float,
) -> Uptake:
    """Return what is found in the source. Raises `Quarantined` if the result drifts too far from it."""
    path = folder / "package"
    fetch(blobs, package.blob, path)
    real = package.dtype == "float32"
    slopes = [1.0 if real else source.slope for source in sources.order]
    block = VoxelBlock(path, package.shape, package.dtype, package.encoding, slopes)
    before = survey(block.slices(), block.slopes)
    check_drift(before, after, allowed)
    found = uptake(block, before, package)
    path.unlink()
    return found

"""Turns a received series into what may leave: checks it, orders it, writes manifest and voxel block."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog
from pydantic import ValidationError

from petfectior import devices, routing, transitions
from petfectior.errors import Permanent, Rejected
from petfectior.handling import Advance, Claim
from petfectior.pet import manifest, packing, preparation, scanners, site_tracers
from petfectior.pet.completeness import Limits
from petfectior.pet.preparation import Prepared
from petfectior.pet.slice_order import write_order
from petfectior.ports import BlobStore, Registry, TaskQuery
from petfectior.settings import Settings
from petfectior.task import Blob, Destination, Package, Task
from petfectior.work import Stage
from services.anonymizer import sources
from services.anonymizer.sources import Sources

COPY_CHUNK: Final = 1 << 20
log = structlog.get_logger()


def anonymize(
    claim: Claim, *, blobs: BlobStore, registry: Registry, settings: Callable[[], Settings]
) -> Advance:
    """Check the series and make its package, once per task.

    Raises
    ------
    Rejected
        With the code of the rule that the series does not meet.
    Permanent
        If a stored part is missing or damaged.
    """
    now = settings()
    _refuse_own(claim)
    with sources.opened(blobs, claim.task.parts) as opened:
        claim.check()
        prepared = preparation.prepare(
            opened.images,
            opened.files,
            site_tracers.table(registry),
            default_tracer=site_tracers.default_of(registry, claim.task.source.calling_ae_title),
            limits=None if claim.task.process_as_is else Limits(now.minimum_images, now.spacing_tolerance),
        )
        destinations = _destinations(claim.task, prepared, registry, now)
        package = _package(claim, prepared, opened, blobs=blobs, registry=registry)
    log.info("package.created", count=len(prepared.stack.images), size=package.blob.size)
    return Advance(Stage.UPLOAD, _change(package, destinations, prepared))


def _destinations(
    task: Task, prepared: Prepared, registry: Registry, settings: Settings
) -> list[Destination]:
    series = task.series.model_copy(update={"tracer": prepared.tracer.name})
    found = routing.destinations_for(task.source, series, registry, mirror=settings.mirror_mode)
    if not found:
        raise Rejected("destination-unknown", devices=len(devices.all_devices(registry)))
    return found


def _refuse_own(claim: Claim) -> None:
    uid = claim.task.series.series_uid
    if uid and claim.tasks.find(TaskQuery(derived_series_uid=uid, limit=1)):
        raise Rejected("series-is-our-own")


def _package(
    claim: Claim, prepared: Prepared, opened: Sources, *, blobs: BlobStore, registry: Registry
) -> Package:
    told, plan = prepared.acquisition, prepared.plan
    try:
        described = prepared.manifest(scanners.published(registry, told.manufacturer, told.model))
    except ValidationError as error:
        # Its message quotes values, so only the fact goes on.
        raise Permanent("manifest-invalid", count=error.error_count()) from None
    document = described.document()
    return Package(
        blob=_stored_block(claim, blobs, prepared, opened),
        manifest=document,
        manifest_sha256=manifest.digest(document),
        order=blobs.put(claim.blob_key("order"), write_order(packing.order(prepared.stack))),
        encoding=plan.encoding,
        dtype=plan.dtype,
        shape=plan.shape,
        units=described.Units,
    )


def _stored_block(claim: Claim, blobs: BlobStore, prepared: Prepared, opened: Sources) -> Blob:
    with tempfile.TemporaryDirectory(prefix="petfectior-") as folder:
        path = Path(folder) / "block"
        packing.write(path, prepared.stack, prepared.plan, opened.files, claim.check)
        return blobs.put(claim.blob_key("block"), _read(path))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(COPY_CHUNK):
            yield chunk


def _change(package: Package, destinations: list[Destination], prepared: Prepared) -> Callable[[Task], None]:
    def change(task: Task) -> None:
        task.package = package
        task.destinations = destinations
        task.series.tracer = prepared.tracer.name
        for code, params in prepared.notes:
            transitions.note(task, time.time(), code, **params)

    return change

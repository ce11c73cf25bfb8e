"""From received instances to what may be packed: copies settled, frames told apart, checked, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from petfectior.dicom import header as encoded_header
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Rejected
from petfectior.pet import (
    acquisition,
    completeness,
    description,
    legacy_converted,
    packing,
    radionuclides,
    series_checks,
    source_series,
    stored_plane,
)
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.completeness import Limits
from petfectior.pet.header_values import Header
from petfectior.pet.instance import LEGACY_ENHANCED_PET
from petfectior.pet.manifest import Manifest
from petfectior.pet.packing import Plan
from petfectior.pet.source_series import Image, Stack
from petfectior.pet.tracers import Tracer
from petfectior.pet.voxel_block import Encoding


@dataclass(frozen=True)
class Prepared:
    """A series that can be processed.

    Parameters
    ----------
    notes
        What a person should know: codes with the parameters of their sentences.
    """

    stack: Stack
    acquisition: Acquisition
    tracer: Tracer
    plan: Plan
    notes: list[tuple[str, dict[str, str | float]]] = field(default_factory=list)

    def manifest(self, scanner: tuple[str, str]) -> Manifest:
        """Return what may leave; `scanner` are maker and model of the published enumerations.

        Raises
        ------
        pydantic.ValidationError
            If a value would not fit the allow-list: a bug, never a leak.
        """
        return description.describe(self.stack, self.acquisition, self.tracer, scanner, self.plan.block())


def prepare(
    images: Iterable[Image],
    parts: Sequence[BinaryIO],
    rows: Sequence[Tracer],
    *,
    default_tracer: str = "",
    limits: Limits | None = None,
    encoding: Encoding = "blosc2",
) -> Prepared:
    """Check a series and put it in order.

    Parameters
    ----------
    images
        All instances in order of acknowledgement, copies included.
    parts
        The files that hold them, seekable, by `Image.part`.
    rows
        The table of tracers.
    default_tracer
        Name for a tracer that the header does not state.
    limits
        What the frames of multi-frame instances must meet; None takes them as they are.
    encoding
        How the block is compressed.

    Raises
    ------
    Rejected
        With the code of the first rule that is not met.
    Permanent
        If a part is not what its index says.
    """
    settled = source_series.settle(images)
    single = _frames(settled.images, parts, limits)
    facts = [image.facts for image in single]
    series_checks.check_instances(facts)
    stack = source_series.stack(single)
    told = acquisition.read(_header(single[0], parts), facts)
    series_checks.check_acquisition(told)
    tracer = series_checks.tracer_of(told, rows, default_tracer)
    prepared = Prepared(stack, told, tracer, packing.plan(stack, encoding))
    if told.half_life and not radionuclides.fits(tracer.half_life, told.half_life):
        prepared.notes.append(("half-life-odd", {"found": told.half_life, "expected": tracer.half_life}))
    if settled.conflicts:
        prepared.notes.append(("copies-differ", {"count": settled.conflicts}))
    return prepared


def _frames(images: Sequence[Image], parts: Sequence[BinaryIO], limits: Limits | None) -> list[Image]:
    """Return single-frame images as they are, and each frame of a multi-frame one as an image."""
    if not any(_is_multi_frame(image) for image in images):
        return list(images)
    found: list[Image] = []
    for image in images:
        if _is_multi_frame(image):
            frames = legacy_converted.frame_facts(image.facts, parts[image.part])
            found += [Image(image.part, one) for one in frames]
        else:
            found.append(image)
    if limits is not None:
        verdict = completeness.assess((image.facts for image in found), limits)
        if verdict.reason is not None:
            raise Rejected(verdict.reason.code, **verdict.reason.params)
    return found


def _is_multi_frame(image: Image) -> bool:
    facts = image.facts
    return facts.sop_class_uid == LEGACY_ENHANCED_PET and facts.number_of_frames is not None


def _header(image: Image, parts: Sequence[BinaryIO]) -> Header:
    facts = image.facts
    if facts.frame is None:
        whole = stored_plane.dataset(facts, parts[image.part])
        return acquisition.parse_header(whole, facts.transfer_syntax_uid)
    head = legacy_converted.read_head(
        parts[image.part], facts.offset, facts.pixel_offset or facts.size, facts.transfer_syntax_uid
    )
    frames = legacy_converted.classic_headers(head, facts.transfer_syntax_uid)
    first = next(frame for number, frame in enumerate(frames, start=1) if number == facts.frame)
    return acquisition.parse_header(encoded_header.item(first), EXPLICIT_VR_LITTLE_ENDIAN)

"""Writes one derived series: slice by slice into a part in the blob store."""

from __future__ import annotations

from collections.abc import Iterator

from petfectior.dicom import file_meta, part_stream, text
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.handling import Claim
from petfectior.pet.instance import PET
from petfectior.pet.quantification import Quantification, Uptake
from petfectior.ports import BlobStore
from petfectior.settings import Settings
from petfectior.task import Output, Package
from services.rebuilder.derived_instance import SliceBuilder
from services.rebuilder.derived_series import DerivedSeries
from services.rebuilder.recipe import Recipe
from services.rebuilder.series_check import SeriesCheck
from services.rebuilder.source_slices import SourceSlices
from services.rebuilder.survey import voxel_spacing


class Assembly:
    """Builds the slices of one output one by one, and takes note of what the report needs."""

    def __init__(self, claim: Claim, recipe: Recipe, series: DerivedSeries, sources: SourceSlices) -> None:
        self._claim = claim
        self._recipe = recipe
        self._builder = SliceBuilder(series)
        self._sources = sources
        self.check = SeriesCheck()
        self.bound = self.error = 0.0

    def instances(self, after: Uptake) -> Iterator[tuple[bytes, bytes]]:
        """Yield file meta information and dataset of each slice. Raises `LeaseLost`."""
        for source, rescaled in zip(self._sources.order, self._recipe.slices(), strict=True):
            self._claim.check()
            built = self._builder.build(self._sources.dataset(source), source, rescaled)
            yield file_meta.encode(PET, built.uid, EXPLICIT_VR_LITTLE_ENDIAN), built.dataset
            self.check.see(source, built)
            after.add(rescaled.stored, float(rescaled.slope))
            self.bound, self.error = max(self.bound, rescaled.bound), max(self.error, rescaled.error)

    def quantification(self, before: Uptake, after: Uptake, units: str) -> Quantification:
        """Return the report on what was built."""
        source_scale, derived_scale = self.check.scales()
        return Quantification(
            units=units,
            suv_code=derived_scale.code,
            before=before.figures(source_scale),
            after=after.figures(derived_scale),
            rescale_bound=self.bound,
            rescale_error=self.error,
            slices=self.check.slices,
            expected=len(self._sources.order),
            geometry_kept=self.check.geometry_kept,
            uids_new=self.check.uids_new,
        )


def write_output(
    claim: Claim,
    recipe: Recipe,
    sources: SourceSlices,
    *,
    before: Uptake,
    package: Package,
    blobs: BlobStore,
    settings: Settings,
) -> Output:
    """Build every slice of one output on its way to the store, as one part.

    Parameters
    ----------
    before
        What was found in the source.

    Raises
    ------
    LeaseLost
        If the claim was lost meanwhile.
    """
    series = _series(claim, recipe, settings)
    assembly = Assembly(claim, recipe, series, sources)
    after = Uptake(recipe.range, voxel_spacing(package), package.shape[-3])
    blob = blobs.put(claim.blob_key(f"{recipe.id}.zip"), part_stream.stream(assembly.instances(after)))
    return Output(
        id=recipe.id,
        series_uid=series.series_uid,
        description=text.display(
            series.description(claim.task.series.series_description.encode(), b"ISO_IR 192"), b"ISO_IR 192"
        ),
        blobs=[blob],
        count=len(sources.order),
        report=assembly.quantification(before, after, package.units).report(),
    )


def _series(claim: Claim, recipe: Recipe, settings: Settings) -> DerivedSeries:
    rule = recipe.rule
    replaces = rule is not None and rule.description_mode == "replace" and bool(rule.description)
    added = rule.description if rule else ""
    suffix = added if replaces else f"{settings.series_description_suffix} {added}".strip()
    return DerivedSeries(
        task_id=claim.task.id,
        uid_root=settings.uid_root,
        rule=recipe.id,
        source_series_uid=claim.task.series.series_uid,
        suffix=suffix,
        replaces_description=replaces,
        number_offset=settings.series_number_offset + recipe.place,
        fixed_number=rule.series_number if rule else None,
        model=recipe.descriptor.model,
        model_version=recipe.descriptor.model_version,
        frozen_at=claim.task.frozen_at,
        lowest=recipe.range.lowest,
        highest=recipe.range.highest,
        signed=recipe.signed,
        smoothed=rule is not None and rule.fwhm > 0,
    )

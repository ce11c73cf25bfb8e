"""Can the series be processed? Each refusal has its own code; an attribute is named, its value never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Final

from petfectior.errors import Rejected
from petfectior.pet import geometry, tracers
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.instance import IDENTITY, LEGACY_ENHANCED_PET, PET, InstanceFacts
from petfectior.pet.manifest import UNITS
from petfectior.pet.tracers import Tracer

PLAUSIBLE_DOSE: Final = (1e5, 1e11)
"""Bq: below, a dose was written in MBq; above, in no unit at all."""
LATEST_INJECTION: Final = timedelta(hours=1)
EARLIEST_INJECTION: Final = timedelta(days=30)
_COSINE: Final = 1e-4
_MILLIMETRE: Final = 1e-4

_PRESENT: Final[dict[str, str]] = {
    "rows": "Rows",
    "columns": "Columns",
    "bits_allocated": "BitsAllocated",
    "pixel_representation": "PixelRepresentation",
    "pixel_spacing": "PixelSpacing",
    "position": "ImagePositionPatient",
    "orientation": "ImageOrientationPatient",
    "units": "Units",
    "slope": "RescaleSlope",
}
_ONE_VALUE: Final[dict[str, str]] = {
    "sop_class_uid": "SOPClassUID",
    "rows": "Rows",
    "columns": "Columns",
    "units": "Units",
    "bits_allocated": "BitsAllocated",
    "pixel_representation": "PixelRepresentation",
}


def check_instances(instances: Sequence[InstanceFacts]) -> None:
    """Check what every slice must have, and must have alike.

    Raises
    ------
    Rejected
        With the code of the first rule that is not met.
    """
    _check_kind(instances)
    for name in IDENTITY.values():
        _check_alike(instances, name, _identity(name))
    for field, name in _PRESENT.items():
        lacking = sum(getattr(one, field) is None for one in instances)
        if lacking:
            raise Rejected("attribute-missing", attribute=name, count=lacking, received=len(instances))
    for field, name in _ONE_VALUE.items():
        _check_alike(instances, name, attrgetter(field))
    _check_near(instances, "PixelSpacing", lambda one: one.pixel_spacing, _MILLIMETRE)
    _check_near(instances, "ImageOrientationPatient", lambda one: one.orientation, _COSINE)
    _check_values(instances)


def check_acquisition(acquisition: Acquisition) -> None:
    """Check what the header must tell of the injection.

    Raises
    ------
    Rejected
        With the code of the first rule that is not met.
    """
    if acquisition.ours:
        raise Rejected("series-is-our-own")
    if not acquisition.has_radiopharmaceutical:
        raise Rejected("attribute-missing-in-series", attribute="RadiopharmaceuticalInformationSequence")
    _check_told(acquisition.dose, "RadionuclideTotalDose")
    _check_told(acquisition.half_life, "RadionuclideHalfLife")
    _check_told(acquisition.started, "AcquisitionDate, AcquisitionTime")
    _check_told(acquisition.injected, "RadiopharmaceuticalStartDateTime")
    _check_dose(acquisition)


def tracer_of(acquisition: Acquisition, rows: Sequence[Tracer], default: str = "") -> Tracer:
    """Return the series' tracer: stated, the sender's default, or known by its radionuclide alone.

    Raises
    ------
    Rejected
        ``radionuclide-unknown`` if not even the radionuclide is known.
    """
    found = tracers.match(acquisition.tracer_names, acquisition.radionuclide, rows)
    if found is None:
        raise Rejected("radionuclide-unknown")
    if found.name.endswith(tracers.NOT_STATED) and default:
        return tracers.match([default], acquisition.radionuclide, rows) or found
    return found


def _identity(name: str) -> Callable[[InstanceFacts], object]:
    return lambda one: one.identity.get(name, "")


def _check_kind(instances: Sequence[InstanceFacts]) -> None:
    if any(one.sop_class_uid not in {PET, LEGACY_ENHANCED_PET} for one in instances):
        raise Rejected("sop-class-not-pet")
    if any(one.holds_frames for one in instances):
        raise Rejected("multi-frame-not-processed")
    if any(one.series_type[1:2] == ("REPROJECTION",) for one in instances):
        raise Rejected("series-is-reprojection")


def _check_alike(
    instances: Sequence[InstanceFacts], name: str, value: Callable[[InstanceFacts], object]
) -> None:
    distinct = len({value(one) for one in instances})
    if distinct > 1:
        raise Rejected("attribute-differs", attribute=name, values=distinct)


def _check_near(
    instances: Sequence[InstanceFacts],
    name: str,
    value: Callable[[InstanceFacts], tuple[float, ...] | None],
    tolerance: float,
) -> None:
    """Compare numbers, not their text: 1, 1.0 and 1.00000000000000 are one value."""
    first = value(instances[0]) or ()
    odd = sum(
        any(abs(a - b) > tolerance for a, b in zip(value(one) or (), first, strict=True)) for one in instances
    )
    if odd:
        raise Rejected("attribute-differs", attribute=name, values=odd + 1)


def _check_values(instances: Sequence[InstanceFacts]) -> None:
    first = instances[0]
    if first.units not in UNITS:
        raise Rejected("attribute-not-understood", attribute="Units")
    if any(one.slope is None or one.slope <= 0 for one in instances):
        raise Rejected("slope-not-positive")
    if not first.orientation or geometry.normal(first.orientation) is None:
        raise Rejected("attribute-not-understood", attribute="ImageOrientationPatient")
    if not first.pixel_spacing or min(first.pixel_spacing) <= 0:
        raise Rejected("attribute-not-understood", attribute="PixelSpacing")
    if first.bits_allocated not in {8, 16, 32} or (first.samples_per_pixel or 1) != 1:
        raise Rejected("pixels-unsupported", bits=first.bits_allocated or 0)


def _check_told(value: object, name: str) -> None:
    if value is None:
        raise Rejected("attribute-missing-in-series", attribute=name)


def _check_dose(acquisition: Acquisition) -> None:
    low, high = PLAUSIBLE_DOSE
    if acquisition.dose is not None and not low <= acquisition.dose <= high:
        raise Rejected("dose-implausible", becquerel=acquisition.dose)
    if acquisition.injected is None or acquisition.started is None:
        return
    since = acquisition.started - acquisition.injected
    if not -LATEST_INJECTION <= since <= EARLIEST_INJECTION:
        raise Rejected("injection-time-implausible", hours=round(since.total_seconds() / 3600, 1))

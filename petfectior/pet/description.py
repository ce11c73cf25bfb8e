"""Builds the manifest of a series: the only place where a header's facts become what leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from petfectior.pet import header_values, manifest
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.geometry import Vector
from petfectior.pet.instance import InstanceFacts
from petfectior.pet.manifest import Manifest, Person, ReconstructionPart, Times, VoxelBlock
from petfectior.pet.reconstruction import Recon
from petfectior.pet.source_series import Stack
from petfectior.pet.tracers import Tracer

DIGITS = 6
"""Decimals of mm and s that leave: differences of decimal strings carry binary noise beyond."""


def describe(
    stack: Stack,
    acquisition: Acquisition,
    tracer: Tracer,
    scanner: tuple[str, str],
    block: VoxelBlock,
) -> Manifest:
    """Return what may leave of a series that passed `petfectior.pet.series_checks`.

    Of `Subject`, only what the model needs leaves: the transfer service strips the rest.

    Parameters
    ----------
    scanner
        Maker and model of the published enumerations.

    Raises
    ------
    pydantic.ValidationError
        If a value would not fit the allow-list: a bug, never a leak.
    """
    facts = [image.facts for image in stack.images]
    zero = acquisition.started
    frame_starts, durations = _frame_times(stack, facts, zero)
    return Manifest(
        Manufacturer=scanner[0],
        ManufacturersModelName=scanner[1],
        Units=facts[0].units or "",
        TracerName=tracer.stated,
        TracerRadionuclide=tracer.radionuclide,
        RadionuclideHalfLife=acquisition.half_life or tracer.half_life,
        InjectedRadioactivity=round((acquisition.dose or 0.0) / 1e6, DIGITS),
        InjectionStart=_since(zero, acquisition.injected) or 0.0,
        AcquisitionMode=_term(facts[0].series_type[0] if facts[0].series_type else "", manifest.MODES),
        DecayCorrection=_term(acquisition.decay_correction, manifest.DECAY),
        ImageDecayCorrected=acquisition.decay_correction in {"START", "ADMIN"},
        ImageDecayCorrectionTime=_since(zero, acquisition.reference),
        Corrections=sorted({word for one in facts for word in one.corrected_image} & {*manifest.CORRECTIONS}),
        Reconstruction=reconstruction_part(acquisition.reconstruction),
        VoxelSpacing=_rounded(stack.spacing),
        ImageOrientation=_rounded(facts[0].orientation or ()),
        SlicePositions=_positions(facts[: stack.slices]),
        FrameTimesStart=frame_starts,
        FrameDuration=durations,
        SliceTimes=_times(facts, zero),
        Subject=person(acquisition),
        Block=block,
    )


def reconstruction_part(recon: Recon) -> ReconstructionPart:
    """Return what leaves of a reconstruction."""
    return ReconstructionPart(
        ReconMethodName=recon.method,
        Iterations=recon.iterations,
        Subsets=recon.subsets,
        ReconFilterType=recon.filter_type,
        ReconFilterSize=recon.filter_width,
        TimeOfFlight=recon.tof,
        PointSpreadFunction=recon.psf,
    )


def _positions(frame: Sequence[InstanceFacts]) -> list[Vector]:
    first = frame[0].position or (0.0, 0.0, 0.0)
    return [_offset(one.position or first, first) for one in frame]


def _offset(position: Vector, first: Vector) -> Vector:
    x, y, z = (round(a - b, DIGITS) for a, b in zip(position, first, strict=True))
    return (x, y, z)


def _times(facts: Sequence[InstanceFacts], zero: datetime | None) -> Times:
    return Times(
        Start=[_start(one, zero) for one in facts],
        Duration=[_seconds(one.actual_frame_duration) or None for one in facts],
        ReferenceTime=[_seconds(one.frame_reference_time) for one in facts],
        DecayFactor=[one.decay_factor if (one.decay_factor or 0) > 0 else None for one in facts],
    )


def _frame_times(
    stack: Stack, facts: Sequence[InstanceFacts], zero: datetime | None
) -> tuple[list[float], list[float | None]]:
    """Return begin and duration of each frame: of its first-begun slice, and from it to its last's end."""
    starts: list[float] = []
    durations: list[float | None] = []
    for number in range(stack.frames):
        frame = facts[number * stack.slices : (number + 1) * stack.slices]
        begins = [_start(one, zero) for one in frame]
        known = [begin for begin in begins if begin is not None]
        ends = [
            begin + one.actual_frame_duration / 1000
            for one, begin in zip(frame, begins, strict=True)
            if begin is not None and one.actual_frame_duration
        ]
        starts.append(min(known, default=0.0))
        durations.append(round(max(ends) - starts[-1], DIGITS) or None if ends else None)
    return starts, durations


def _start(one: InstanceFacts, zero: datetime | None) -> float | None:
    """Return the slice's begin in s; a gate begins at its trigger delay."""
    if one.is_a("GATED") and one.trigger_time is not None:
        return _seconds(one.trigger_time)
    day = one.acquisition_date or (zero.strftime("%Y%m%d").rjust(8, "0") if zero else None)
    return _since(zero, header_values.moment(day, one.acquisition_time))


def _since(zero: datetime | None, moment: datetime | None) -> float | None:
    return None if zero is None or moment is None else round((moment - zero).total_seconds(), DIGITS)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, DIGITS)


def person(acquisition: Acquisition) -> Person | None:
    """Return what may leave of the patient; the age is capped."""
    known = {
        "BodyWeight": acquisition.weight,
        "BodyHeight": acquisition.height,
        "Sex": acquisition.sex if acquisition.sex in {"M", "F", "O"} else None,
        "Age": None if acquisition.age is None else min(acquisition.age, manifest.OLDEST_AGE),
    }
    told = {name: value for name, value in known.items() if value is not None}
    return Person.model_validate(told) if told else None


def _term(text: str, allowed: Sequence[str]) -> str:
    return text if text in allowed else "other"


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(value, DIGITS) for value in values)

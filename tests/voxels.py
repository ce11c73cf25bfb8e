"""Comparing a derived series with its source, instance by instance, with pydicom as the second opinion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

SAME = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "StudyDate",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "Rows",
    "Columns",
    "Units",
    "DecayCorrection",
    "RadiopharmaceuticalInformationSequence",
)


@dataclass(frozen=True)
class Comparison:
    """What was found over a whole series."""

    instances: int
    worst_in_slopes: float
    series_uids: set[str]
    differing: set[str]


def source_uid(derived: pydicom.Dataset) -> str:
    """Return the SOP instance that a derived one names as its source."""
    return str(derived.SourceImageSequence[0].ReferencedSOPInstanceUID)


def compare(source: Iterable[Path], derived: Iterable[Path]) -> Comparison:
    """Pair each derived instance with its source and compare voxels and identity.

    ``worst_in_slopes`` is the largest difference of a voxel in units of the larger of both slopes.
    """
    originals = {str(one.SOPInstanceUID): one for one in map(_read, source)}
    worst, count = 0.0, 0
    uids: set[str] = set()
    differing: set[str] = set()
    for one in map(_read, derived):
        original = originals.pop(source_uid(one))
        slope = max(float(one.RescaleSlope), float(original.RescaleSlope))
        worst = max(worst, float(np.abs(_real(one) - _real(original)).max()) / slope)
        uids.add(str(one.SeriesInstanceUID))
        differing |= {name for name in SAME if original.get(name) != one.get(name)}
        count += 1
    return Comparison(count, worst, uids, differing)


def _read(path: Path) -> pydicom.Dataset:
    return pydicom.dcmread(path, force=True)


def _real(one: pydicom.Dataset) -> np.ndarray:
    stored = one.pixel_array.astype(np.float64)
    return stored * float(one.RescaleSlope) + float(one.get("RescaleIntercept", 0))

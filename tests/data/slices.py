"""A few real slices to build cases from: cropped, under new UIDs; without real data, the phantom's."""

from __future__ import annotations

import copy
import functools
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.uid import generate_uid

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries

COUNT = 12
ROWS, COLUMNS = 48, 40
_TOP, _LEFT, _FIRST = 40, 44, 120
"""Where the crop lies in the real series: within the patient."""


def base(shared: Path | None, seed: str, count: int = COUNT) -> list[Dataset]:
    """Return slices in ascending position, as one complete whole-body series of its own.

    Parameters
    ----------
    shared
        Folder of the real data, if it is here.
    seed
        Another one gives another patient, study and series.
    """
    made = [copy.deepcopy(one) for one in _real(shared)[:count]] if shared else _phantom(seed, count)
    for number, one in enumerate(made):
        one.StudyInstanceUID = uid(seed, "study")
        one.SeriesInstanceUID = uid(seed, "series")
        one.FrameOfReferenceUID = uid(seed, "frame of reference")
        one.PatientID = f"GENERATED-{seed.upper()}"[:64]
        one.NumberOfSlices = count
        named(one, seed, number)
    return made


def named(one: Dataset, seed: str, *numbers: int) -> Dataset:
    """Give an instance its UID."""
    one.SOPInstanceUID = uid(seed, "instance", *map(str, numbers))
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    return one


def uid(*words: str) -> str:
    """Return a UID that depends on the words alone."""
    return str(generate_uid(entropy_srcs=["petfectior tests", *words]))


@functools.cache
def _real(shared: Path) -> list[Dataset]:
    folder = shared / "dicom" / "pet_ge_discovery_st_wb"
    heads = {path: pydicom.dcmread(path, specific_tags=["ImagePositionPatient"]) for path in folder.iterdir()}
    ordered = sorted(heads, key=lambda path: float(heads[path].ImagePositionPatient[2]))
    return [_cropped(pydicom.dcmread(path)) for path in ordered[_FIRST : _FIRST + 4 * COUNT]]


def _cropped(one: Dataset) -> Dataset:
    plane = one.pixel_array[_TOP : _TOP + ROWS, _LEFT : _LEFT + COLUMNS]
    one.Rows, one.Columns = plane.shape
    x, y, z = map(float, one.ImagePositionPatient)
    down, right = map(float, one.PixelSpacing)
    one.ImagePositionPatient = [f"{x + _LEFT * right:.4f}", f"{y + _TOP * down:.4f}", f"{z:.4f}"]
    one.PixelData = plane.tobytes()
    return one


def _phantom(seed: str, count: int) -> list[Dataset]:
    number = sum(map(ord, seed))
    return list(PhantomSeries(Phantom(slices=count, rows=ROWS, columns=COLUMNS, seed=number)).instances())

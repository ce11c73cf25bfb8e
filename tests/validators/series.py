"""Series that no real one exists of, made from the phantom: dynamic, gated, and with Philips' own factors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pydicom import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries

SLICES = 9
FRAMES = 3
MINUTE_MS = 60_000
Maker = Callable[[Path], list[Path]]


def dynamic(folder: Path) -> list[Path]:
    """Three frames of a minute, InstanceNumber running against time."""

    def change(one: Dataset, frame: int, index: int) -> None:
        one.SeriesType = ["DYNAMIC", "IMAGE"]
        one.NumberOfTimeSlices = FRAMES
        one.FrameReferenceTime = str(frame * MINUTE_MS + MINUTE_MS // 2)
        one.ActualFrameDuration = str(MINUTE_MS)
        start = datetime.strptime(one.SeriesTime, "%H%M%S")  # noqa: DTZ007 - a time of day
        one.AcquisitionTime = (start + timedelta(minutes=frame)).strftime("%H%M%S")
        one.InstanceNumber = (FRAMES - frame) * SLICES - index
        one.ImageIndex = frame * SLICES + index + 1

    return _write(folder, _framed(81, FRAMES, change))


def gated(folder: Path) -> list[Path]:
    """Two time slots of one RR interval."""

    def change(one: Dataset, frame: int, index: int) -> None:
        one.SeriesType = ["GATED", "IMAGE"]
        one.NumberOfRRIntervals = 1
        one.NumberOfTimeSlots = 2
        one.TriggerTime = str(frame * 400)
        one.FrameTime = "400"
        one.LowRRValue, one.HighRRValue = 780, 820
        one.IntervalsAcquired, one.IntervalsRejected = 300, 2
        one.BeatRejectionFlag = "Y"
        one.InstanceNumber = one.ImageIndex = frame * SLICES + index + 1

    return _write(folder, _framed(82, 2, change))


def philips_counts(folder: Path) -> list[Path]:
    """Counts with the SUV factor in (7053,1000), the header implicit."""

    def change(one: Dataset, _frame: int, _index: int) -> None:
        one.Manufacturer, one.ManufacturerModelName = "Philips Medical Systems", "GEMINI TF"
        one.Units = "CNTS"
        one.add_new(0x70530010, "LO", "Philips PET Private Group")
        one.add_new(0x70531000, "DS", "0.00038")
        one.add_new(0x70531009, "DS", "1.73")

    return _write(folder, _framed(83, 1, change, implicit=True))


def negative(folder: Path) -> list[Path]:
    """Stored values below zero, a gap in time across midnight, and a description of 64 characters."""

    def change(one: Dataset, _frame: int, index: int) -> None:
        pixels = one.pixel_array.copy()
        pixels[0, 0] = -100 - index
        one.PixelData = pixels.tobytes()
        one.SmallestImagePixelValue = int(pixels.min())
        one.SpecificCharacterSet = "ISO_IR 192"
        one.SeriesDescription = "Cuerpo entero, corrección de atenuación y tiempo de vuelo, añ"

    return _write(folder, _framed(84, 1, change))


def _framed(
    seed: int, frames: int, change: Callable[[Dataset, int, int], None], *, implicit: bool = False
) -> Iterator[Dataset]:
    series = PhantomSeries(Phantom(slices=SLICES, rows=40, columns=32, seed=seed), implicit=implicit)
    for frame in range(frames):
        for index, one in enumerate(series.instances()):
            one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = UID(series.uid(5, frame, index))
            one.RescaleSlope = f"{float(one.RescaleSlope) * (1 + frame):.6g}"
            change(one, frame, index)
            yield one


def _write(folder: Path, instances: Iterator[Dataset]) -> list[Path]:
    paths = []
    for number, one in enumerate(instances):
        path = folder / f"{number:04d}.dcm"
        dcmwrite(path, one, enforce_file_format=True)
        paths.append(path)
    return paths


MADE: dict[str, Maker] = {
    "dynamic": dynamic,
    "gated": gated,
    "philips-counts": philips_counts,
    "negative": negative,
}
SHARED = ("pet_ge_discovery_st_wb", "derived_siemens_header_phantom", "pet_suv_gml_crop_sts001")
CASES = (*SHARED, *MADE)

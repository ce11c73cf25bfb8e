"""Every generated case: what is made of the base slices, how it is encoded, and how its task must end."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.data import encoding, legacy_converted, slices, vendors
from tests.data.vendors import Alter


@dataclass(frozen=True)
class Case:
    """One series.

    Parameters
    ----------
    refused
        Code of the sentence that its task must end with; "" if it must be delivered.
    replaced
        Bytes of the written files, and what takes their place: for what no toolkit would write.
    """

    name: str
    alter: Alter
    syntax: UID = ExplicitVRLittleEndian
    refused: str = ""
    replaced: tuple[bytes, bytes] = (b"", b"")

    def images(self, shared: Path | None) -> list[Dataset]:
        """Return the instances as they are sent."""
        return self.alter(slices.base(shared, self.name))

    def write(self, shared: Path | None, folder: Path) -> list[Path]:
        """Write the series as Part-10 files."""
        paths = encoding.write(self.images(shared), folder, self.syntax)
        for path in paths if any(self.replaced) else ():
            path.write_bytes(path.read_bytes().replace(*self.replaced))
        return paths


def plain(images: list[Dataset]) -> list[Dataset]:
    """As they are."""
    return images


def dynamic(images: list[Dataset]) -> list[Dataset]:
    """Three frames of eight slices; the last frame has the lowest numbers."""
    made = []
    for frame in range(3):
        for number, one in enumerate(copy.deepcopy(images[:8])):
            one.SeriesType = ["DYNAMIC", "IMAGE"]
            one.NumberOfSlices, one.NumberOfTimeSlices = 8, 3
            one.AcquisitionTime = f"1010{frame * 20:02d}.00"
            one.ActualFrameDuration = "20000"
            one.FrameReferenceTime = f"{10000 + 20000 * frame}"
            one.InstanceNumber = 100 - 10 * frame - number
            one.PixelData = bytes(40 * frame) + one.PixelData[40 * frame :]
            made.append(slices.named(one, "dynamic", frame, number))
    return made


def gated(images: list[Dataset]) -> list[Dataset]:
    """Two gates of one RR interval; sent slice by slice."""
    made = []
    for number, one in enumerate(images[:8]):
        for slot in range(2):
            gate = copy.deepcopy(one)
            gate.SeriesType = ["GATED", "IMAGE"]
            gate.NumberOfSlices, gate.NumberOfRRIntervals, gate.NumberOfTimeSlots = 8, 1, 2
            gate.TriggerTime, gate.FrameTime = f"{slot * 400}", "400"
            gate.LowRRValue, gate.HighRRValue = "700", "900"
            made.append(slices.named(gate, "gated", number, slot))
    return made


def oblique(images: list[Dataset]) -> list[Dataset]:
    """Turned by 20 degrees about the left-right axis."""
    cosine, sine = math.cos(math.radians(20)), math.sin(math.radians(20))
    return _oriented(images, (1, 0, 0, 0, cosine, sine), (0, -sine, cosine))


def coronal(images: list[Dataset]) -> list[Dataset]:
    """Stacked from the back to the front."""
    return _oriented(images, (1, 0, 0, 0, 0, -1), (0, 1, 0))


def gap(images: list[Dataset]) -> list[Dataset]:
    """The announced number is not there."""
    return images[:5] + images[6:]


def gap_unannounced(images: list[Dataset]) -> list[Dataset]:
    """Nothing announces a number, and one slice is missing."""
    for one in images:
        del one.NumberOfSlices
    return images[:5] + images[6:]


def bed_joins(images: list[Dataset]) -> list[Dataset]:
    """Steps of 3.27, 3.29 and 3.19 mm, as where beds join; no number announced."""
    place = 0.0
    for number, one in enumerate(images):
        del one.NumberOfSlices
        place += {4: 3.29, 8: 3.19}.get(number, 3.27)
        one.ImagePositionPatient = [*one.ImagePositionPatient[:2], f"{place:.2f}"]
    return images


def repeated_positions(images: list[Dataset]) -> list[Dataset]:
    """Two whole-body reconstructions under one series."""
    again = [slices.named(copy.deepcopy(one), "repeated", n) for n, one in enumerate(images)]
    for one in [*images, *again]:
        one.NumberOfSlices = 2 * len(images)
    return [*images, *again]


def long_pixels(images: list[Dataset]) -> list[Dataset]:
    """One slice has a row more than Rows says."""
    images[3].PixelData += bytes(2 * images[3].Columns)
    return images


def short_pixels(images: list[Dataset]) -> list[Dataset]:
    """One slice has a row less than Rows says."""
    images[3].PixelData = images[3].PixelData[: -2 * images[3].Columns]
    return images


def unsigned(images: list[Dataset]) -> list[Dataset]:
    """Unsigned pixels."""
    return _with(images, PixelRepresentation=0, SmallestImagePixelValue=0, LargestImagePixelValue=0)


def intercept(images: list[Dataset]) -> list[Dataset]:
    """Values below zero by an intercept."""
    return _with(images, RescaleIntercept="-12.5")


def reprojection(images: list[Dataset]) -> list[Dataset]:
    """Projections, not slices."""
    return _with(images, SeriesType=["WHOLE BODY", "REPROJECTION"])


def multi_frame(images: list[Dataset]) -> list[Dataset]:
    """All slices as one Legacy Converted Enhanced PET instance."""
    return [legacy_converted.converted(images, images[0].PatientID)]


def half_described(images: list[Dataset]) -> list[Dataset]:
    """A multi-frame instance one of whose frames nothing describes."""
    made = legacy_converted.converted(images, "multi-frame-half")
    del made.PerFrameFunctionalGroupsSequence[-1]
    return [made]


def _charset(name: str | list[str], person: str) -> Alter:
    return lambda images: _with(images, SpecificCharacterSet=name, PatientName=person, SeriesDescription="")


def _with(images: list[Dataset], **values: object) -> list[Dataset]:
    for one in images:
        for name, value in values.items():
            setattr(one, name, value)
    return images


def _oriented(
    images: list[Dataset], cosines: tuple[float, ...], normal: tuple[float, float, float]
) -> list[Dataset]:
    for number, one in enumerate(images):
        one.ImageOrientationPatient = [f"{value:.10f}" for value in cosines]
        one.ImagePositionPatient = [f"{-100 + 3.27 * number * part:.6f}" for part in normal]
    return images


ALL = [
    Case("plain", plain),
    Case("dynamic", dynamic),
    Case("gated", gated),
    Case("oblique", oblique),
    Case("coronal", coronal),
    Case("bed-joins", bed_joins),
    Case("unsigned", unsigned),
    Case("intercept", intercept),
    Case("implicit", plain, ImplicitVRLittleEndian),
    Case("big-endian", plain, ExplicitVRBigEndian),
    Case("rle", plain, RLELossless),
    Case("jpeg-lossless", plain, JPEGLosslessSV1),
    Case("jpeg-ls", plain, JPEGLSLossless),
    Case("jpeg-2000", plain, JPEG2000Lossless),
    Case("greek", _charset("ISO_IR 126", "Διονυσιος")),
    Case("russian", _charset("ISO_IR 144", "Люкceмбypг")),  # noqa: RUF001 - a Russian name
    Case("japanese", _charset(["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう")),
    Case("chinese", _charset("GB18030", "Wang^XiaoDong=王^小东")),
    Case("wrong-charset", _charset("ISO_IR 100", "Buc^Jérôme"), replaced=(b"ISO_IR 100", b"ISO_IR 192")),
    *(Case(name, alter) for name, alter in vendors.ALL.items()),
    Case("multi-frame", multi_frame),
    Case("multi-frame-implicit", multi_frame, ImplicitVRLittleEndian),
    Case("multi-frame-half", half_described, refused="multi-frame-not-processed"),
    Case("gap", gap, refused="series-incomplete-positions"),
    Case("gap-unannounced", gap_unannounced, refused="series-has-gaps"),
    Case("repeated-positions", repeated_positions, refused="positions-repeated"),
    Case("long-pixels", long_pixels, refused="pixels-length-wrong"),
    Case("short-pixels", short_pixels, refused="pixels-length-wrong"),
    Case("reprojection", reprojection, refused="series-is-reprojection"),
]

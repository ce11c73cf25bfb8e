"""The phantom as a PET Image Storage series (PS3.3 A.21): a template, and per slice only what differs."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
)

from petfectior.pet import rescale
from simulator.phantom import Phantom, Plane

HALF_LIFE: Final = 6586.2
FAMILY_NAMES: Final = "Alder Birch Cedar Elm Hazel Juniper Linden Maple Rowan Willow".split()
GIVEN_NAMES: Final = "Ada Bo Cleo Dara Eli Fay Gil Hana Ivo Juno".split()
FIRST_DAY: Final = datetime(2026, 1, 5, 8, 0, 0)  # noqa: DTZ001 - DICOM times carry no zone here
CORRECTIONS: Final = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"]


@dataclass(frozen=True)
class PhantomSeries:
    """One whole-body series; equal parameters give equal bytes, patient and UIDs included.

    Parameters
    ----------
    implicit
        Implicit instead of Explicit VR Little Endian.
    reverse
        InstanceNumber runs from head to feet, as GE and Siemens have it.
    """

    phantom: Phantom = field(default_factory=Phantom)
    implicit: bool = False
    reverse: bool = True

    @property
    def transfer_syntax(self) -> UID:
        """Return the transfer syntax of all instances."""
        return ImplicitVRLittleEndian if self.implicit else ExplicitVRLittleEndian

    def uid(self, *numbers: int) -> str:
        """Return a UID that depends on the parameters alone."""
        phantom = self.phantom
        name = f"{phantom.seed}.{phantom.slices}.{phantom.rows}.{phantom.columns}"
        generator = random.Random(name)
        root = f"2.25.{generator.getrandbits(96)}"
        return ".".join([root, *map(str, numbers)])

    def instances(self) -> Iterator[Dataset]:
        """Yield the instances from the feet to the head, each with its file meta information."""
        template = self._template()
        for index, plane in enumerate(self.phantom.planes()):
            yield self._instance(template, index, plane)

    def write(self, folder: Path, told: Callable[[int], None] = lambda _count: None) -> list[Path]:
        """Write one Part-10 file per slice; return their paths in the order of sending."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for index, instance in enumerate(self.instances()):
            path = folder / f"{index:05d}.dcm"
            dcmwrite(path, instance, enforce_file_format=True)
            paths.append(path)
            told(index + 1)
        return paths

    def _instance(self, template: Dataset, index: int, plane: Plane) -> Dataset:
        slices = self.phantom.slices
        place = slices - index if self.reverse else index + 1
        stored = rescale.quantise(plane, signed=True)
        instance = copy.copy(template)
        instance._dict = dict(template._dict)  # noqa: SLF001 - a shallow copy shares it otherwise
        instance.file_meta = _file_meta(self.uid(4, index + 1), self.transfer_syntax)
        instance.SOPInstanceUID = self.uid(4, index + 1)
        instance.InstanceNumber = place
        instance.ImageIndex = place
        depth = self.phantom.spacing[0]
        instance.ImagePositionPatient = [*_corner(self.phantom), f"{index * depth:.4f}"]
        instance.SliceLocation = f"{index * depth:.4f}"
        instance.RescaleSlope = stored.slope
        pixels = stored.stored
        instance.SmallestImagePixelValue = int(pixels.min())
        instance.LargestImagePixelValue = int(pixels.max())
        instance.WindowCenter = rescale.as_ds(float(plane.max()) / 2 + 1)
        instance.WindowWidth = rescale.as_ds(float(plane.max()) + 2)
        instance.PixelData = pixels.tobytes()
        return instance

    def _template(self) -> Dataset:
        generator = random.Random(f"patient {self.phantom.seed}")
        scanned = FIRST_DAY + timedelta(days=generator.randrange(300), minutes=generator.randrange(480))
        template = Dataset()
        template.SpecificCharacterSet = "ISO_IR 100"
        _patient(template, generator)
        self._study_and_series(template, scanned)
        _equipment(template)
        self._pet(template, scanned)
        self._image(template, scanned)
        return template

    def _study_and_series(self, template: Dataset, scanned: datetime) -> None:
        template.SOPClassUID = PositronEmissionTomographyImageStorage
        template.StudyInstanceUID = self.uid(1)
        template.SeriesInstanceUID = self.uid(2)
        template.FrameOfReferenceUID = self.uid(3)
        template.PositionReferenceIndicator = ""
        template.StudyID = "1"
        template.AccessionNumber = f"SIM{self.phantom.seed:06d}"
        template.ReferringPhysicianName = ""
        template.StudyDescription = "Whole-body FDG (simulated)"
        template.SeriesDescription = "WB FDG OSEM AC"
        template.SeriesNumber = 4
        template.Modality = "PT"
        template.BodyPartExamined = "WHOLEBODY"
        for name in ("Study", "Series", "Acquisition"):
            setattr(template, f"{name}Date", scanned.strftime("%Y%m%d"))
            setattr(template, f"{name}Time", scanned.strftime("%H%M%S"))

    def _pet(self, template: Dataset, scanned: datetime) -> None:
        template.Units = "BQML"
        template.CountsSource = "EMISSION"
        template.SeriesType = ["WHOLE BODY", "IMAGE"]
        template.NumberOfSlices = self.phantom.slices
        template.CorrectedImage = CORRECTIONS
        template.DecayCorrection = "START"
        template.DecayFactor = "1"
        template.RandomsCorrectionMethod = "DLYD"
        template.AttenuationCorrectionMethod = "CT-derived mu map"
        template.ScatterCorrectionMethod = "Model-based"
        template.ReconstructionMethod = "PSF+TOF 3i21s"
        template.ConvolutionKernel = "XYZ Gauss2.00"
        template.CollimatorType = "NONE"
        template.FrameReferenceTime = "60000"
        template.ActualFrameDuration = "120000"
        template.RadiopharmaceuticalInformationSequence = Sequence([_radiopharmaceutical(scanned)])
        template.PatientOrientationCodeSequence = Sequence([_supine()])
        template.PatientGantryRelationshipCodeSequence = Sequence([_code("F-10470", "SRT", "headfirst")])

    def _image(self, template: Dataset, scanned: datetime) -> None:
        template.ImageType = ["ORIGINAL", "PRIMARY"]
        template.ContentDate = scanned.strftime("%Y%m%d")
        template.ContentTime = scanned.strftime("%H%M%S")
        template.AcquisitionNumber = 1
        template.Rows, template.Columns = self.phantom.rows, self.phantom.columns
        depth, height, width = self.phantom.spacing
        template.PixelSpacing = [f"{height:.4f}", f"{width:.4f}"]
        template.SliceThickness = f"{depth:.4f}"
        template.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        template.SamplesPerPixel = 1
        template.PhotometricInterpretation = "MONOCHROME2"
        template.BitsAllocated = template.BitsStored = 16
        template.HighBit = 15
        template.PixelRepresentation = 1
        template.RescaleIntercept = "0"
        template.LossyImageCompression = "00"


def _corner(phantom: Phantom) -> list[str]:
    _, height, width = phantom.spacing
    return [f"{width / 2 - 400:.4f}", f"{height / 2 - 400:.4f}"]


def _patient(template: Dataset, generator: random.Random) -> None:
    family, given = generator.choice(FAMILY_NAMES), generator.choice(GIVEN_NAMES)
    template.PatientName = f"{family}^{given}"
    template.PatientID = f"SIM-{generator.randrange(10**6):06d}"
    template.PatientBirthDate = f"19{generator.randrange(40, 99)}0{generator.randrange(1, 10)}15"
    template.PatientSex = generator.choice(["F", "M"])
    template.PatientAge = f"0{generator.randrange(30, 80)}Y"
    template.PatientWeight = f"{generator.uniform(50, 110):.1f}"
    template.PatientSize = f"{generator.uniform(1.5, 1.95):.2f}"


def _equipment(template: Dataset) -> None:
    template.Manufacturer = "SIEMENS"
    template.ManufacturerModelName = "Biograph128_mCT"
    template.InstitutionName = "Simulated hospital"
    template.StationName = "SIMPET1"
    template.SoftwareVersions = "phantom 1"


def _radiopharmaceutical(scanned: datetime) -> Dataset:
    injected = scanned - timedelta(minutes=62)
    item = Dataset()
    item.Radiopharmaceutical = "Fluorodeoxyglucose"
    item.RadiopharmaceuticalStartTime = injected.strftime("%H%M%S.00")
    item.RadiopharmaceuticalStartDateTime = injected.strftime("%Y%m%d%H%M%S.00")
    item.RadionuclideTotalDose = "300000000"
    item.RadionuclideHalfLife = f"{HALF_LIFE}"
    item.RadionuclidePositronFraction = "0.967"
    item.RadionuclideCodeSequence = Sequence([_code("C-111A1", "SRT", "^18^Fluorine")])
    item.RadiopharmaceuticalCodeSequence = Sequence([_code("C-B1031", "SRT", "Fluorodeoxyglucose F^18^")])
    return item


def _supine() -> Dataset:
    recumbent = _code("F-10450", "SRT", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = Sequence([_code("F-10340", "SRT", "supine")])
    return recumbent


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _file_meta(instance_uid: str, syntax: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(instance_uid)
    meta.TransferSyntaxUID = syntax
    return meta

"""Converts classic PET images to one Legacy Converted Enhanced PET instance (PS3.3 A.71, PS3.17 HHHH)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from pydicom import DataElement, Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.tag import BaseTag
from pydicom.uid import LegacyConvertedEnhancedPETImageStorage

from tests.data import slices

TOP = frozenset(
    """
    SpecificCharacterSet Modality Manufacturer ManufacturerModelName DeviceSerialNumber SoftwareVersions
    InstitutionName StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber
    ReferringPhysicianName SeriesInstanceUID SeriesDate SeriesTime SeriesNumber SeriesDescription
    FrameOfReferenceUID PositionReferenceIndicator ContentDate ContentTime BodyPartExamined PatientPosition
    Rows Columns SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored HighBit
    PixelRepresentation LossyImageCompression BurnedInAnnotation
    """.split()
)
GROUPS = {
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness"),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
}
NOWHERE = frozenset("SOPClassUID SOPInstanceUID ImageType PixelData".split())


def converted(images: Sequence[Dataset], seed: str) -> Dataset:
    """Return one multi-frame instance; frame k is image k."""
    first = images[0]
    made = Dataset()
    made.file_meta = copy.deepcopy(first.file_meta)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = LegacyConvertedEnhancedPETImageStorage
    slices.named(made, seed, 0)
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.InstanceNumber = 1
    made.NumberOfFrames = len(images)
    _copy(made, [one for one in first if one.keyword in TOP or one.tag.group == 0x0010])
    shared = {one.tag for one in first if all(other.get(one.tag) == one for other in images)}
    made.SharedFunctionalGroupsSequence = [_functional_groups(first, shared, "Shared")]
    made.PerFrameFunctionalGroupsSequence = [
        _frame(one, {other.tag for other in one} - shared) for one in images
    ]
    made.PixelData = b"".join(one.PixelData for one in images)
    return made


def _frame(one: Dataset, tags: set[BaseTag]) -> Dataset:
    item = _functional_groups(one, tags, "PerFrame")
    frame_type = Dataset()
    frame_type.FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    content = Dataset()
    content.FrameAcquisitionDateTime = f"{one.AcquisitionDate}{one.AcquisitionTime}"
    content.FrameAcquisitionDuration = float(one.ActualFrameDuration)
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = one.SOPClassUID, one.SOPInstanceUID
    item.PETFrameTypeSequence = [frame_type]
    item.FrameContentSequence = [content]
    item.ConversionSourceAttributesSequence = [source]
    return item


def _functional_groups(one: Dataset, tags: set[BaseTag], kind: str) -> Dataset:
    item = Dataset()
    for name, keywords in GROUPS.items():
        members = [one[tag] for tag in map(tag_for_keyword, keywords) if tag in tags]
        if members:
            setattr(item, name, [_copy(Dataset(), members)])
    placed = {tag_for_keyword(word) for words in GROUPS.values() for word in words}
    rest = [
        member
        for member in one
        if member.tag in tags
        and member.tag not in placed
        and member.keyword not in TOP | NOWHERE
        and member.tag.group != 0x0010
    ]
    setattr(item, f"Unassigned{kind}ConvertedAttributesSequence", [_copy(Dataset(), rest)])
    return item


def _copy(to: Dataset, members: Iterable[DataElement]) -> Dataset:
    for member in members:
        to.add(copy.deepcopy(member))
    return to

"""What must hold between the slices of a derived series, and between each and its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom import Dataset

ONE_VALUE = (
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "SeriesDescription",
    "Modality",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImageOrientationPatient",
    "SliceThickness",
    "PixelRepresentation",
    "BitsStored",
    "Units",
    "SeriesType",
    "ContentDate",
    "ContentTime",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
)
AS_SOURCE = (
    "InstanceNumber",
    "ImageIndex",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SliceLocation",
    "FrameOfReferenceUID",
    "StudyInstanceUID",
    "PatientID",
    "SpecificCharacterSet",
    "StudyDate",
    "StudyTime",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "DecayFactor",
    "DecayCorrection",
    "TriggerTime",
    "NumberOfSlices",
    "NumberOfTimeSlices",
    "RadiopharmaceuticalInformationSequence",
    "LossyImageCompression",
)


def faults(pairs: Sequence[tuple[Dataset, Dataset]]) -> Iterator[str]:
    """Yield what is wrong across a series of source and derived instances."""
    derived = [one for _, one in pairs]
    for name in ONE_VALUE:
        if len({str(one.get(name)) for one in derived}) != 1:
            yield f"{name} has several values"
    uids = {str(one.SOPInstanceUID) for one in derived}
    if len(uids) != len(derived):
        yield "a SOPInstanceUID is there twice"
    if uids & {str(one.SOPInstanceUID) for one, _ in pairs}:
        yield "a SOPInstanceUID is the source's"
    if str(derived[0].SeriesInstanceUID) == str(pairs[0][0].SeriesInstanceUID):
        yield "SeriesInstanceUID is the source's"
    for number, (source, one) in enumerate(pairs):
        yield from (f"slice {number}: {fault}" for fault in _slice_faults(source, one))


def _slice_faults(source: Dataset, one: Dataset) -> Iterator[str]:
    yield from (f"{name} differs from the source" for name in AS_SOURCE if source.get(name) != one.get(name))
    if not float(one.RescaleSlope) > 0:
        yield "RescaleSlope is not positive"
    if len(one["RescaleSlope"].value.original_string) > 16:
        yield "RescaleSlope is longer than a DS"
    if one.ImageType[:2] != ["DERIVED", "PRIMARY"]:
        yield "ImageType"
    stored = one.pixel_array
    if (int(stored.min()), int(stored.max())) != (one.SmallestImagePixelValue, one.LargestImagePixelValue):
        yield "smallest or largest pixel value is not of its pixels"
    if len(str(one.SeriesDescription)) > 64:
        yield "SeriesDescription is longer than 64 characters"
    if one.file_meta.MediaStorageSOPInstanceUID != one.SOPInstanceUID:
        yield "file meta information names another instance"

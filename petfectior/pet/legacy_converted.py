"""Legacy Converted Enhanced PET: one multi-frame instance, read as the classic images it was made of.

The functional groups (PS3.3 A.71, C.7.6.16) hold in sequences of one item what a classic PET image has at its
top level; what had no place there is in Unassigned Shared and Per-Frame Converted Attributes (C.7.6.16.2.25).
Everything stays encoded: elements are moved, none is decoded, but for the two that are written anew.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from petfectior.dicom import header
from petfectior.dicom.sequence_items import items
from petfectior.dicom.slice_headers import SliceHeaders
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, MalformedDataset, elements, is_implicit
from petfectior.errors import Permanent, Rejected
from petfectior.pet import instance
from petfectior.pet.instance import PET, InstanceFacts

Elements = dict[int, bytes]
"""Encoded elements, Explicit VR Little Endian, by tag."""

SHARED: Final = 0x52009229
PER_FRAME: Final = 0x52009230
FRAME_CONTENT: Final = 0x00209111
FRAME_TYPE: Final = 0x00189751
MOVED: Final = {
    0x00289110: "PixelMeasuresSequence",
    0x00209113: "PlanePositionSequence",
    0x00209116: "PlaneOrientationSequence",
    0x00289145: "PixelValueTransformationSequence",
    0x00209170: "UnassignedSharedConvertedAttributesSequence",
    0x00209171: "UnassignedPerFrameConvertedAttributesSequence",
}
"""Functional groups whose item holds what is at the top level of a classic image."""
MULTI_FRAME_ONLY: Final = {
    SHARED: "SharedFunctionalGroupsSequence",
    PER_FRAME: "PerFrameFunctionalGroupsSequence",
    0x00280008: "NumberOfFrames",
    0x00209221: "DimensionOrganizationSequence",
    0x00209222: "DimensionIndexSequence",
    0x00209311: "DimensionOrganizationType",
    0x00209161: "ConcatenationUID",
    0x00200242: "SOPInstanceUIDOfConcatenationSource",
    0x00209162: "InConcatenationNumber",
    0x00209163: "InConcatenationTotalNumber",
    0x00209228: "ConcatenationFrameOffsetNumber",
    0x00081115: "ReferencedSeriesSequence",
}
"""Top-level elements that a classic image does not have, or that speak of the multi-frame instance."""

IMAGE_TYPE, SOP_CLASS, INSTANCE_NUMBER, IMAGE_INDEX = 0x00080008, 0x00080016, 0x00200013, 0x00541330
ACQUISITION_DATE, ACQUISITION_TIME, DURATION = 0x00080022, 0x00080032, 0x00181242
FRAME_ACQUIRED, FRAME_DURATION, FRAME_TYPE_VALUE = 0x00189074, 0x00189220, 0x00089007


def frame_facts(whole: InstanceFacts, file: BinaryIO) -> list[InstanceFacts]:
    """Return the facts of each frame of a multi-frame instance, in the order of its frames.

    Parameters
    ----------
    whole
        The instance as it was received; every frame keeps its UIDs, digest and place.
    file
        The part that holds it, seekable.

    Raises
    ------
    Rejected
        ``multi-frame-not-processed`` if its functional groups do not describe every frame.
    """
    head = read_head(file, whole.offset, whole.pixel_offset or whole.size, whole.transfer_syntax_uid)
    frames = list(classic_headers(head, whole.transfer_syntax_uid))
    if len(frames) != whole.number_of_frames:
        raise Rejected("multi-frame-not-processed")
    return [_facts(whole, frame, number) for number, frame in enumerate(frames, start=1)]


def read_head(file: BinaryIO, offset: int, pixel_offset: int, syntax_uid: str) -> bytes:
    """Return an encoded dataset up to its PixelData element.

    Raises
    ------
    Permanent
        ``blob-damaged`` if the part ends before it.
    """
    length = pixel_offset - (8 if is_implicit(syntax_uid) else 12)
    file.seek(offset)
    head = file.read(length)
    if len(head) != length:
        raise Permanent("blob-damaged")
    return head


def classic_headers(head: bytes, syntax_uid: str) -> Iterator[Elements]:
    """Yield for each frame the encoded elements of a classic PET image, without pixels.

    Parameters
    ----------
    head
        Encoded dataset of the multi-frame instance up to its pixels.

    Raises
    ------
    Rejected
        ``multi-frame-not-processed`` if a functional group is not whole.
    """
    try:
        top = SliceHeaders().read(head, syntax_uid)
        shared = [group for one in _items(top, SHARED) for group in _groups(one)]
        for number, one in enumerate(_items(top, PER_FRAME), start=1):
            yield _classic(top, [*shared, *_groups(one)], number)
    except MalformedDataset as error:
        raise Rejected("multi-frame-not-processed") from error


def _classic(top: Elements, groups: list[tuple[int, Elements]], number: int) -> Elements:
    made = {tag: one for tag, one in top.items() if tag not in MULTI_FRAME_ONLY}
    made[INSTANCE_NUMBER] = header.element(INSTANCE_NUMBER, b"IS", str(number).encode("ascii"))
    for tag, content in groups:
        if tag in MOVED:
            made.update(content)
    for tag, content in groups:
        made |= _restored(tag, content, made)
    made.setdefault(IMAGE_INDEX, header.element(IMAGE_INDEX, b"US", struct.pack("<H", number & 0xFFFF)))
    made[SOP_CLASS] = header.element(SOP_CLASS, b"UI", PET.encode("ascii"))
    return made


def _restored(tag: int, content: Elements, made: Mapping[int, bytes]) -> Elements:
    """Return what frame type and frame content say, as a classic image writes it."""
    if tag == FRAME_TYPE and FRAME_TYPE_VALUE in content:
        value = header.value(content[FRAME_TYPE_VALUE])
        return {IMAGE_TYPE: header.element(IMAGE_TYPE, b"CS", value)}
    if tag != FRAME_CONTENT:
        return {}
    moment = header.value(content.get(FRAME_ACQUIRED, b"")).strip(b" \0")
    duration = header.value(content.get(FRAME_DURATION, b""))
    found: Elements = {}
    if len(moment) > 8 and ACQUISITION_TIME not in made:  # noqa: PLR2004 - YYYYMMDD and a time
        clock = moment[8:].split(b"+")[0].split(b"-")[0]
        found[ACQUISITION_DATE] = header.element(ACQUISITION_DATE, b"DA", moment[:8])
        found[ACQUISITION_TIME] = header.element(ACQUISITION_TIME, b"TM", clock)
    if len(duration) == struct.calcsize("d") and DURATION not in made:
        milliseconds = round(struct.unpack("<d", duration)[0])
        found[DURATION] = header.element(DURATION, b"IS", str(milliseconds).encode("ascii"))
    return found


def _items(top: Elements, tag: int) -> Iterator[bytes]:
    """Yield the content of each item of an encoded sequence; none if it is not there."""
    value = header.value(top.get(tag, b""))
    for begin, end, _ in items(value, 0, len(value), EXPLICIT_VR_LITTLE_ENDIAN):
        yield value[begin:end]


def _groups(item: bytes) -> Iterator[tuple[int, Elements]]:
    """Yield each functional group of an item: its tag and the elements of its first item."""
    groups = _elements(item)
    for tag in groups:
        if tag in MOVED or tag in {FRAME_TYPE, FRAME_CONTENT}:
            yield tag, _elements(next(_items(groups, tag), b""))


def _elements(data: bytes) -> Elements:
    return {one.tag: data[one.start : one.end] for one in elements(data, EXPLICIT_VR_LITTLE_ENDIAN)}


def _facts(whole: InstanceFacts, frame: Elements, number: int) -> InstanceFacts:
    values = {tag: header.value(frame[tag]) for tag in instance.WANTED if tag in frame}
    read = instance.facts(
        values,
        sop_class_uid=whole.sop_class_uid,
        sop_instance_uid=whole.sop_instance_uid,
        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        digest=whole.digest,
        offset=whole.offset,
        size=whole.size,
        frame=number,
    )
    return read.model_copy(
        update={
            "transfer_syntax_uid": whole.transfer_syntax_uid,
            "pixel_offset": whole.pixel_offset,
            "pixel_length": whole.pixel_length,
            "number_of_frames": whole.number_of_frames,
        }
    )

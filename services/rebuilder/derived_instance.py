"""One derived slice: its own source slice's encoded header, edited element by element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from petfectior.dicom import header
from petfectior.dicom.private_tags import SAFE_GROUPS
from petfectior.dicom.sequence_items import items
from petfectior.dicom.slice_headers import SliceHeaders
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.pet.rescale import Rescaled
from petfectior.pet.slice_order import SliceSource
from services.rebuilder.coded_concepts import SOURCE_FOR_PROCESSING, code
from services.rebuilder.derived_series import DerivedSeries
from services.rebuilder.kept_elements import drops

CHARSET: Final = 0x00080005
IMAGE_TYPE: Final = 0x00080008
SOP_INSTANCE_UID: Final = 0x00080018
ZONE_OFFSET: Final = 0x00080201
SERIES_DESCRIPTION: Final = 0x0008103E
SOURCE_IMAGES: Final = 0x00082112
CONTRIBUTING_EQUIPMENT: Final = 0x0018A001
SERIES_NUMBER: Final = 0x00200011
SMALLEST: Final = 0x00280106
LARGEST: Final = 0x00280107
RESCALE_SLOPE: Final = 0x00281053
PIXEL_DATA: Final = 0x7FE00010
_LAST_CREATOR: Final = 0xFF
_PURPOSE: Final = header.sequence(0x0040A170, [code(SOURCE_FOR_PROCESSING)])


@dataclass(frozen=True, slots=True)
class DerivedSlice:
    """One built slice.

    Parameters
    ----------
    dataset
        Encoded, Explicit VR Little Endian.
    source, elements
        Encoded elements before the pixels by tag: the source's in the same syntax, and its own.
    """

    uid: str
    dataset: bytes
    source: dict[int, bytes]
    elements: dict[int, bytes]


class SliceBuilder:
    """Builds the instances of one derived series."""

    def __init__(self, series: DerivedSeries) -> None:
        self._series = series
        self._headers = SliceHeaders()
        self._memo: dict[tuple[bytes, ...], dict[int, bytes]] = {}
        self._orders: dict[tuple[object, ...], tuple[int, ...]] = {}

    def build(self, dataset: bytes, source: SliceSource, rescaled: Rescaled) -> DerivedSlice:
        """Return one slice.

        Parameters
        ----------
        dataset
            The source slice as its sender encoded it.
        source
            Where that slice came from.
        rescaled
            The slice's new pixels and slope.

        Raises
        ------
        MalformedDataset
            If the source is not whole.
        """
        syntax = source.transfer_syntax_uid if source.frame is None else EXPLICIT_VR_LITTLE_ENDIAN
        found = self._headers.read(dataset, syntax)
        uid = self._series.instance_uid(source.sop_instance_uid, source.frame)
        edits = self._series.elements | self._shared(found) | _pixel_facts(rescaled)
        edits[SOP_INSTANCE_UID] = header.element(SOP_INSTANCE_UID, b"UI", uid.encode("ascii"))
        edits[SOURCE_IMAGES] = header.sequence(SOURCE_IMAGES, [_source_image(source)])
        elements = {tag: edits[tag] if tag in edits else found[tag] for tag in self._order(found, edits)}
        encoded = b"".join([*elements.values(), _pixels(rescaled)])
        return DerivedSlice(uid, encoded, found, elements)

    def _order(self, found: dict[int, bytes], edits: dict[int, bytes]) -> tuple[int, ...]:
        """Return the tags of the derived slice, ascending; nearly all slices of a series have the same."""
        private = {tag: header.value(found[tag]) for tag in found if tag >> 16 in SAFE_GROUPS}
        creators = tuple(value for tag, value in private.items() if tag & 0xFFFF <= _LAST_CREATOR)
        key = (creators, tuple(found), tuple(edits))
        if key not in self._orders:
            dropped = drops(private)
            self._orders[key] = tuple(sorted({tag for tag in found if not dropped(tag)} | set(edits)))
        return self._orders[key]

    def _shared(self, found: dict[int, bytes]) -> dict[int, bytes]:
        """Return edits that follow from values which are the same in nearly all slices."""
        tags = (CHARSET, IMAGE_TYPE, ZONE_OFFSET, SERIES_DESCRIPTION, SERIES_NUMBER, CONTRIBUTING_EQUIPMENT)
        values = {tag: header.value(found.get(tag, b"")) for tag in tags}
        key = tuple(values.values())
        if key not in self._memo:
            self._memo[key] = self._made(values)
        return self._memo[key]

    def _made(self, values: dict[int, bytes]) -> dict[int, bytes]:
        series = self._series
        further = values[IMAGE_TYPE].rstrip(b" \0").split(b"\\")[2:]
        contributions = values[CONTRIBUTING_EQUIPMENT]
        contents = [
            contributions[first:end]
            for first, end, _ in items(contributions, 0, len(contributions), EXPLICIT_VR_LITTLE_ENDIAN)
        ]
        zone = values[ZONE_OFFSET].strip(b" \0").decode("ascii", "replace")
        return series.times(zone) | {
            IMAGE_TYPE: header.element(IMAGE_TYPE, b"CS", b"\\".join([b"DERIVED", b"PRIMARY", *further])),
            SERIES_DESCRIPTION: header.element(
                SERIES_DESCRIPTION, b"LO", series.description(values[SERIES_DESCRIPTION], values[CHARSET])
            ),
            SERIES_NUMBER: header.element(SERIES_NUMBER, b"IS", series.number(values[SERIES_NUMBER])),
            CONTRIBUTING_EQUIPMENT: header.sequence(
                CONTRIBUTING_EQUIPMENT, [*contents, series.contribution()]
            ),
        }


def _pixel_facts(rescaled: Rescaled) -> dict[int, bytes]:
    stored = rescaled.stored
    vr = b"SS" if stored.dtype.kind == "i" else b"US"
    little = stored.dtype.newbyteorder("<")
    smallest, largest = (np.asarray(one, little).tobytes() for one in (stored.min(), stored.max()))
    return {
        SMALLEST: header.element(SMALLEST, vr, smallest),
        LARGEST: header.element(LARGEST, vr, largest),
        RESCALE_SLOPE: header.element(RESCALE_SLOPE, b"DS", rescaled.slope.encode("ascii")),
    }


def _source_image(source: SliceSource) -> bytes:
    parts = {
        0x00081150: header.element(0x00081150, b"UI", source.sop_class_uid.encode("ascii")),
        0x00081155: header.element(0x00081155, b"UI", source.sop_instance_uid.encode("ascii")),
        0x0028135A: header.element(0x0028135A, b"CS", b"YES"),
        0x0040A170: _PURPOSE,
    }
    if source.frame is not None:
        parts[0x00081160] = header.element(0x00081160, b"IS", str(source.frame).encode("ascii"))
    return header.item(parts)


def _pixels(rescaled: Rescaled) -> bytes:
    stored = rescaled.stored
    little = np.ascontiguousarray(stored, stored.dtype.newbyteorder("<"))
    return header.element(PIXEL_DATA, b"OW", little.tobytes())

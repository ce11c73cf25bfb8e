"""What must hold across a derived series, looked at slice by slice while it is built."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from petfectior.dicom import header
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.pet import acquisition, header_values, suv
from petfectior.pet.acquisition import Acquisition
from petfectior.pet.instance import InstanceFacts
from petfectior.pet.slice_order import SliceSource
from petfectior.pet.suv import Scale
from services.rebuilder.derived_instance import DerivedSlice

GEOMETRY: Final = {
    0x00200032: "ImagePositionPatient",
    0x00200037: "ImageOrientationPatient",
    0x00200052: "FrameOfReferenceUID",
    0x00180050: "SliceThickness",
    0x00280010: "Rows",
    0x00280011: "Columns",
    0x00280030: "PixelSpacing",
}
_DATE, _TIME = 0x00080022, 0x00080032


class SeriesCheck:
    """Compares each derived slice with its source, and keeps what SUVs are computed from."""

    def __init__(self) -> None:
        self.slices = 0
        self.geometry_kept = True
        self._sources: set[str] = set()
        self._uids: set[str] = set()
        self._earliest: tuple[datetime, str, str] | None = None
        self._first: DerivedSlice | None = None

    def see(self, source: SliceSource, built: DerivedSlice) -> None:
        """Take note of one slice."""
        self.slices += 1
        self._first = self._first or built
        self._sources.add(source.sop_instance_uid)
        self._uids.add(built.uid)
        self.geometry_kept &= all(built.source.get(tag) == built.elements.get(tag) for tag in GEOMETRY)
        date, time = (_text(built.source, tag) for tag in (_DATE, _TIME))
        moment = header_values.moment(date, time)
        if moment is not None and (self._earliest is None or moment < self._earliest[0]):
            self._earliest = (moment, date, time)

    @property
    def uids_new(self) -> bool:
        """Whether each SOPInstanceUID is there once and is none of the source's."""
        return len(self._uids) == self.slices and not self._uids & self._sources

    def scales(self) -> tuple[Scale, Scale]:
        """Return what makes SUVs of the source's values and of the derived ones, each by its own header."""
        if self._first is None:
            missing = Scale(None, "suv-units-unfit")
            return missing, missing
        return self._scale(self._first.source), self._scale(self._first.elements)

    def _scale(self, elements: dict[int, bytes]) -> Scale:
        parsed = acquisition.parse_header(header.item(elements), EXPLICIT_VR_LITTLE_ENDIAN)
        told: Acquisition = acquisition.read(parsed, self._began())
        return suv.scale(parsed, told)

    def _began(self) -> list[InstanceFacts]:
        if self._earliest is None:
            return []
        _, date, time = self._earliest
        return [
            InstanceFacts(
                sop_class_uid="",
                sop_instance_uid="",
                transfer_syntax_uid="",
                digest="",
                offset=0,
                size=0,
                acquisition_date=date,
                acquisition_time=time,
            )
        ]


def _text(elements: dict[int, bytes], tag: int) -> str:
    return header.value(elements.get(tag, b"")).decode("ascii", "replace").strip(" \0")

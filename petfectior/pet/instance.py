"""What one instance tells about itself: a line of a part's index.

The facts are read once, while the instance is received, by a walk over its top-level tags; nothing later
decodes a dataset per slice. Odd values become None, never an error: whether that matters is decided where
the series is judged.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

PET: Final = "1.2.840.10008.5.1.4.1.1.128"
LEGACY_ENHANCED_PET: Final = "1.2.840.10008.5.1.4.1.1.128.1"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

IDENTITY: Final[dict[int, str]] = {
    0x00100010: "PatientName",
    0x00100020: "PatientID",
    0x00100021: "IssuerOfPatientID",
    0x0020000D: "StudyInstanceUID",
    0x0020000E: "SeriesInstanceUID",
    0x00200052: "FrameOfReferenceUID",
}
"""Attributes with one value over a whole series; kept as digests, only ever compared."""

_DECIMALS: Final[dict[int, str]] = {
    0x00281053: "slope",
    0x00281052: "intercept",
    0x00541300: "frame_reference_time",
    0x00181242: "actual_frame_duration",
    0x00181060: "trigger_time",
    0x00181063: "frame_time",
    0x00541321: "decay_factor",
}
_INTEGERS: Final[dict[int, str]] = {
    0x00280008: "number_of_frames",
    0x00200013: "instance_number",
    0x00181081: "low_rr",
    0x00181082: "high_rr",
}
_SHORTS: Final[dict[int, str]] = {
    0x00280002: "samples_per_pixel",
    0x00280010: "rows",
    0x00280011: "columns",
    0x00280100: "bits_allocated",
    0x00280101: "bits_stored",
    0x00280102: "high_bit",
    0x00280103: "pixel_representation",
    0x00540061: "number_of_rr_intervals",
    0x00540071: "number_of_time_slots",
    0x00540081: "number_of_slices",
    0x00540101: "number_of_time_slices",
    0x00541330: "image_index",
}
_TEXTS: Final[dict[int, str]] = {
    0x00541001: "units",
    0x00080022: "acquisition_date",
    0x00080032: "acquisition_time",
    0x00541102: "decay_correction",
}
_LISTS: Final[dict[int, str]] = {
    0x00541000: "series_type",
    0x00080008: "image_type",
    0x00280051: "corrected_image",
}
_VECTORS: Final[dict[int, tuple[str, int]]] = {
    0x00200032: ("position", 3),
    0x00200037: ("orientation", 6),
    0x00280030: ("pixel_spacing", 2),
}

WANTED: Final[frozenset[int]] = frozenset(
    [*IDENTITY, *_DECIMALS, *_INTEGERS, *_SHORTS, *_TEXTS, *_LISTS, *_VECTORS]
)
"""Top-level tags (group << 16 | element) that `facts` reads."""


class InstanceFacts(BaseModel):
    """One instance of a part.

    Parameters
    ----------
    digest
        SHA-256 of the encoded dataset, hexadecimal.
    offset, size
        Where the encoded dataset lies in the part's blob, bytes.
    pixel_offset, pixel_length
        Where the value of PixelData lies in the encoded dataset, bytes; None if it has none.
    frame
        Frame number within a multi-frame instance, from 1; None for the instance as a whole.
    identity
        Keyword of `IDENTITY` → digest of its raw value ("" if absent or empty).
    position, orientation, pixel_spacing
        ImagePositionPatient (mm), ImageOrientationPatient, PixelSpacing (row, column; mm).
    frame_reference_time, actual_frame_duration, trigger_time, frame_time
        Milliseconds.
    """

    model_config = ConfigDict(frozen=True)

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    digest: str
    offset: int = Field(ge=0)
    size: int = Field(ge=0)
    pixel_offset: int | None = Field(default=None, ge=0)
    pixel_length: int | None = Field(default=None, ge=0)
    frame: int | None = Field(default=None, ge=1)
    identity: dict[str, str] = Field(default_factory=dict)

    position: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    pixel_spacing: tuple[float, float] | None = None
    rows: int | None = None
    columns: int | None = None
    samples_per_pixel: int | None = None
    bits_allocated: int | None = None
    bits_stored: int | None = None
    high_bit: int | None = None
    pixel_representation: int | None = None
    number_of_frames: int | None = None
    slope: float | None = None
    intercept: float | None = None
    units: str | None = None

    series_type: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    corrected_image: tuple[str, ...] = ()
    decay_correction: str | None = None
    number_of_slices: int | None = None
    number_of_time_slices: int | None = None
    number_of_rr_intervals: int | None = None
    number_of_time_slots: int | None = None

    image_index: int | None = None
    instance_number: int | None = None
    acquisition_date: str | None = None
    acquisition_time: str | None = None
    frame_reference_time: float | None = None
    actual_frame_duration: float | None = None
    trigger_time: float | None = None
    frame_time: float | None = None
    low_rr: int | None = None
    high_rr: int | None = None
    decay_factor: float | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Tells the images of a series apart: SOPInstanceUID and frame number (0 for a whole instance)."""
        return self.sop_instance_uid, self.frame or 0

    @property
    def holds_frames(self) -> bool:
        """Tell whether this is a multi-frame instance whose frames are not yet told apart."""
        return self.frame is None and (self.number_of_frames or 1) > 1

    @property
    def temporal_key(self) -> tuple[float, ...]:
        """Sorts the images of one position by time: RR interval, trigger or reference time, acquisition.

        InstanceNumber is no part of it: it can run against time.
        """
        clock = (self.acquisition_date or "").ljust(8, "0")[:8] + (self.acquisition_time or "")
        when = _number(clock.encode("ascii", "replace"))
        if self.is_a("GATED"):
            return (float(self.low_rr or 0), self.trigger_time or 0.0, self.frame_reference_time or 0.0)
        return (when or 0.0, self.frame_reference_time or 0.0, self.trigger_time or 0.0)

    def is_a(self, series_type: str) -> bool:
        """Tell whether SeriesType value 1 is `series_type` (PS3.3 C.8.9.1.1.1)."""
        return bool(self.series_type) and self.series_type[0] == series_type


def facts(
    header: dict[int, bytes],
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    transfer_syntax_uid: str,
    digest: str,
    offset: int,
    size: int,
    pixels: tuple[int, int] | None = None,
    frame: int | None = None,
) -> InstanceFacts:
    """Read the facts of one instance from its raw top-level values; never raises on an odd value.

    Parameters
    ----------
    header
        Tag (group << 16 | element) → raw value as `petfectior.dicom.tag_walker` returns it.
    pixels
        Offset and length of the value of PixelData in the encoded dataset.
    """
    values: dict[str, object] = {}
    values.update({name: _number(header.get(tag)) for tag, name in _DECIMALS.items()})
    values.update({name: _integer(header.get(tag)) for tag, name in _INTEGERS.items()})
    big = transfer_syntax_uid == BIG_ENDIAN
    values.update({name: _short(header.get(tag), big=big) for tag, name in _SHORTS.items()})
    values.update({name: _text(header.get(tag)) or None for tag, name in _TEXTS.items()})
    values.update({name: _words(header.get(tag)) for tag, name in _LISTS.items()})
    values.update({name: _vector(header.get(tag), length) for tag, (name, length) in _VECTORS.items()})
    return InstanceFacts(
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        transfer_syntax_uid=transfer_syntax_uid,
        digest=digest,
        offset=offset,
        size=size,
        pixel_offset=pixels[0] if pixels else None,
        pixel_length=pixels[1] if pixels else None,
        frame=frame,
        identity={name: _digest(header.get(tag)) for tag, name in IDENTITY.items()},
        **values,
    )


def write_index(instances: Iterable[InstanceFacts]) -> Iterator[bytes]:
    """Encode facts as JSON lines, in order of arrival."""
    for one in instances:
        yield one.model_dump_json(exclude_defaults=True).encode() + b"\n"


def read_index(lines: Iterable[bytes | str]) -> Iterator[InstanceFacts]:
    """Decode what `write_index` wrote. Raises pydantic.ValidationError on a damaged line."""
    for line in lines:
        if line.strip():
            yield InstanceFacts.model_validate_json(line)


def _text(raw: bytes | None) -> str:
    """Decode a value of an ASCII code string VR (CS, DS, IS, DA, TM, UI)."""
    return (raw or b"").decode("ascii", "replace").strip(" \0\t\r\n")


def _words(raw: bytes | None) -> tuple[str, ...]:
    text = _text(raw)
    return tuple(word.strip() for word in text.split("\\")) if text else ()


def _number(raw: bytes | None) -> float | None:
    """Return the first value of a DS, or None if it is absent, odd or not finite."""
    words = _words(raw)
    try:
        value = float(words[0]) if words and "_" not in words[0] else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) else None


def _integer(raw: bytes | None) -> int | None:
    value = _number(raw)
    return int(value) if value is not None and value.is_integer() and abs(value) < 1 << 31 else None


def _short(raw: bytes | None, *, big: bool) -> int | None:
    """Return the first value of a US (PS3.5 §6.2), or None."""
    if raw is None or len(raw) < struct.calcsize("H"):
        return None
    return int(struct.unpack_from(">H" if big else "<H", raw)[0])


def _vector(raw: bytes | None, length: int) -> tuple[float, ...] | None:
    values = [_number(word.encode("ascii", "replace")) for word in _words(raw)]
    if len(values) != length or None in values:
        return None
    return tuple(value for value in values if value is not None)


def _digest(raw: bytes | None) -> str:
    value = (raw or b"").strip(b" \0")
    return hashlib.sha256(value).hexdigest()[:32] if value else ""

"""What all slices of one derived series have in common."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Final

from petfectior import __version__
from petfectior.dicom import header, text
from petfectior.dicom.uids import derived_uid
from petfectior.pet.rescale import as_ds
from services.rebuilder.coded_concepts import GAUSSIAN_BLUR, PROCESSING_EQUIPMENT, SMOOTHING, code

MANUFACTURER: Final = b"PETfectior"
LONGEST_DESCRIPTION: Final = 64
LARGEST_NUMBER: Final = 2**31 - 1
NARROWEST_WINDOW: Final = 1.0


@dataclass(frozen=True)
class DerivedSeries:
    """One output of a task.

    Parameters
    ----------
    rule
        Id of the output, part of its UIDs.
    lowest, highest
        Range of its values, in the source's units.
    signed
        PixelRepresentation of all its slices.
    frozen_at
        Seconds since the epoch that its dates and times of creation state.
    suffix, replaces_description
        What SeriesDescription gets, behind the source's or in its place.
    number_offset, fixed_number
        What is added to the source's SeriesNumber, or stands in its place.
    """

    task_id: str
    uid_root: str
    rule: str
    source_series_uid: str
    suffix: str
    number_offset: int
    model: str
    model_version: str
    frozen_at: float
    lowest: float
    highest: float
    signed: bool
    smoothed: bool = False
    replaces_description: bool = False
    fixed_number: int | None = None

    @cached_property
    def series_uid(self) -> str:
        """SeriesInstanceUID."""
        return derived_uid(self.uid_root, self.task_id, self.rule, self.source_series_uid)

    def instance_uid(self, source_uid: str, frame: int | None) -> str:
        """Return the SOPInstanceUID of what is made of one source instance."""
        return derived_uid(self.uid_root, self.task_id, self.rule, source_uid, frame)

    @cached_property
    def elements(self) -> dict[int, bytes]:
        """Encoded elements that are equal in all slices."""
        return {
            0x00082111: header.element(0x00082111, b"ST", self._derivation.encode("ascii")),
            0x00089215: header.sequence(0x00089215, [code(one) for one in self._concepts]),
            0x0020000E: header.element(0x0020000E, b"UI", self.series_uid.encode("ascii")),
            0x00280100: header.element(0x00280100, b"US", b"\x10\x00"),
            0x00280101: header.element(0x00280101, b"US", b"\x10\x00"),
            0x00280102: header.element(0x00280102, b"US", b"\x0f\x00"),
            0x00280103: header.element(0x00280103, b"US", bytes([self.signed, 0])),
            0x00281052: header.element(0x00281052, b"DS", b"0"),
            **self._window,
        }

    @property
    def _concepts(self) -> list[tuple[bytes, bytes]]:
        return [SMOOTHING, GAUSSIAN_BLUR] if self.smoothed else [SMOOTHING]

    @property
    def _derivation(self) -> str:
        model = " ".join(one for one in (plain(self.model), plain(self.model_version)) if one)
        return f"Processed by PETfectior {__version__}" + (f", model {model}" if model else "")

    @property
    def _window(self) -> dict[int, bytes]:
        """Show the whole range; a linear window is never narrower than 1 (PS3.3 C.11.2.1.2)."""
        width = self.highest - self.lowest
        if width < NARROWEST_WINDOW:
            return {}
        center = (self.highest + self.lowest) / 2
        return {
            0x00281050: header.element(0x00281050, b"DS", as_ds(center).encode("ascii")),
            0x00281051: header.element(0x00281051, b"DS", as_ds(width).encode("ascii")),
        }

    def times(self, zone_offset: str) -> dict[int, bytes]:
        """Return date and time of creation and content, in the zone that the header states, else local."""
        moment = datetime.fromtimestamp(self.frozen_at, UTC).astimezone(zone(zone_offset))
        date, time = moment.strftime("%Y%m%d").encode(), moment.strftime("%H%M%S.%f").encode()
        return {
            0x00080012: header.element(0x00080012, b"DA", date),
            0x00080013: header.element(0x00080013, b"TM", time),
            0x00080023: header.element(0x00080023, b"DA", date),
            0x00080033: header.element(0x00080033, b"TM", time),
        }

    def contribution(self) -> bytes:
        """Return the content of our item of ContributingEquipmentSequence (PS3.3 C.12.1)."""
        versions = [f"PETfectior {__version__}", plain(self.model), plain(self.model_version)]
        software = "\\".join(one for one in versions if one).encode("ascii")
        moment = datetime.fromtimestamp(self.frozen_at, UTC).strftime("%Y%m%d%H%M%S.%f+0000").encode()
        return header.item(
            {
                0x00080070: header.element(0x00080070, b"LO", MANUFACTURER),
                0x00081090: header.element(0x00081090, b"LO", MANUFACTURER),
                0x00181020: header.element(0x00181020, b"LO", software),
                0x0018A002: header.element(0x0018A002, b"DT", moment),
                0x0018A003: header.element(0x0018A003, b"ST", self._derivation.encode("ascii")),
                0x0040A170: header.sequence(0x0040A170, [code(PROCESSING_EQUIPMENT)]),
            }
        )

    def description(self, raw: bytes, charset: bytes) -> bytes:
        """Return SeriesDescription: the source's as it was encoded, and the suffix.

        64 characters at most (PS3.5 6.2), and 64 bytes: validators and databases count those.
        """
        shown = "" if self.replaces_description else text.display(raw, charset)
        addition = plain(self.suffix)
        if not shown or not addition:
            return text.encode(addition, charset, LONGEST_DESCRIPTION) or raw
        source = raw.rstrip(b" \0")
        if len(source) + 1 + len(addition) <= LONGEST_DESCRIPTION:
            return source + b" " + addition.encode("ascii")
        return next(
            encoded
            for room in range(LONGEST_DESCRIPTION - len(addition) - 1, -1, -1)
            if len(encoded := text.encode(f"{shown[:room]} {addition}".strip(), charset, LONGEST_DESCRIPTION))
            <= LONGEST_DESCRIPTION
        )

    def number(self, raw: bytes) -> bytes:
        """Return SeriesNumber: the rule's, or the source's plus the offset."""
        if self.fixed_number is not None:
            return str(self.fixed_number).encode("ascii")
        try:
            source = int(raw.strip(b" \0") or b"0")
        except ValueError:
            source = 0
        number = source + self.number_offset
        return str(number if abs(number) <= LARGEST_NUMBER else self.number_offset).encode("ascii")


def plain(words: str) -> str:
    """Return printable ASCII of at most 64 characters: what a server says goes into a header."""
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii")
    return "".join(one for one in ascii_only if one.isprintable() and one != "\\").strip()[
        :LONGEST_DESCRIPTION
    ]


def zone(offset: str) -> timezone | None:
    """Return the zone of TimezoneOffsetFromUTC (0008,0201); None is the machine's own."""
    if len(offset) != 5 or offset[0] not in "+-" or not offset[1:].isdecimal():  # noqa: PLR2004 - &ZZXX
        return None
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))

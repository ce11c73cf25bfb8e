"""Values that exist nowhere else, one for every attribute of PS3.15 Table E.1-1, valid for its VR."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
SCANNED: Final = datetime(1883, 3, 17, 13, 41, 27, 731842)  # noqa: DTZ001 - DICOM times carry no zone here
TEXT: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
FURTHER: Final = {
    0x00080070: "Manufacturer",
    0x00081090: "ManufacturerModelName",
    0x00181210: "ConvolutionKernel",
    0x00541103: "ReconstructionMethod",
}
"""Attributes that Table E.1-1 does not list, though people write into them."""
NOT_UNIQUE: Final = {
    0x00101010: "AS has four characters; no Age is in any manifest (asserted)",
    0x0072005F: "AS has four characters",
    0x00160075: "US with two defined values",
    0x001021C0: "US with four defined values",
}
"""No value of these could be told from any other number."""
NOT_IN_A_DATASET: Final = {
    0x00001000: "command set: C-STORE carries the planted SOPInstanceUID there",
    0x00001001: "command set: no part of a C-STORE-RQ",
    0x00020003: "file meta: DICOM sends none; the receiver makes it of the planted SOPInstanceUID",
    0x00041511: "only in a DICOMDIR; PS3.10 forbids it in a dataset (planted in a sequence and privately)",
}


@dataclass(frozen=True)
class Canary:
    """One planted value.

    Parameters
    ----------
    texts
        What to look for in every encoding.
    number
        What to look for as a number, whatever its text and power of ten.
    raw
        What to look for as bytes.
    """

    where: str
    vr: str
    value: Any
    texts: tuple[str, ...] = ()
    number: float | None = None
    raw: bytes = b""

    @property
    def stored(self) -> list[bytes]:
        """Return what the dataset of an instance that has it holds."""
        return [text.encode() for text in self.texts[:1]] + ([self.raw] if self.raw else [])


@dataclass
class Breeder:
    """Makes canaries; equal seeds make equal ones."""

    chance: random.Random = field(default_factory=lambda: random.Random(1883))
    day: int = 0

    def token(self) -> str:
        return "".join(self.chance.choice(LETTERS) for _ in range(10))

    def make(self, where: str, vr: str) -> Canary:
        if vr in TEXT:
            return self._text(where, vr)
        makers = {"UI": self._uid, "SQ": self._sequence, "DS": self._decimal, "IS": self._integer}
        if vr in makers:
            return makers[vr](where)
        if vr in {"DA", "TM", "DT"}:
            return self._time(where, vr)
        raw = self.chance.randbytes(16) if vr in {"OB", "OW", "UN"} else b""
        return Canary(where, vr, raw or {"AS": "061Y", "US": 1}[vr], raw=raw)

    def _uid(self, where: str) -> Canary:
        digits = "".join(self.chance.choice("123456789") for _ in range(30))
        return Canary(where, "UI", f"2.25.{digits}", (digits,))

    def _time(self, where: str, vr: str) -> Canary:
        self.day += 1
        moment = datetime(1751, 1, 2) + timedelta(  # noqa: DTZ001 - as above
            days=3 * self.day, seconds=self.chance.randrange(86400), microseconds=self._micro()
        )
        return self.moment(where, vr, moment)

    def _sequence(self, where: str) -> Canary:
        outer, inner = self.token(), self.token()
        item, nested = Dataset(), Dataset()
        item.CodeMeaning, nested.CodeMeaning = outer, inner
        item.ConceptNameCodeSequence = Sequence([nested])
        return Canary(where, "SQ", item, (outer, inner))

    def moment(self, where: str, vr: str, when: datetime) -> Canary:
        """Return a date or time; it is looked for in DICOM's and in ISO 8601's form."""
        day, iso = when.strftime("%Y%m%d").zfill(8), when.date().isoformat()
        clock, seconds = when.strftime("%H%M%S.%f"), (when - when.replace(hour=0, minute=0, second=0))
        spelt = when.strftime("%H:%M:%S.%f")
        of_day = f"{seconds.seconds}.{when.microsecond:06d}".rstrip("0")
        if vr == "DA":
            return Canary(where, vr, day, (day, iso))
        if vr == "TM":
            return Canary(where, vr, clock, (clock, spelt, of_day))
        return Canary(where, vr, day + clock, (day + clock, day, iso, clock, spelt))

    def _micro(self) -> int:
        return self.chance.randrange(100_000, 999_999) // 10 * 10 + self.chance.randrange(1, 9)

    def _text(self, where: str, vr: str) -> Canary:
        token = self.token()
        if vr == "PN":
            given = self.token()
            return Canary(where, vr, f"{token}^{given}", (token, given))
        return Canary(where, vr, f"http://{token}.example" if vr == "UR" else token, (token,))

    def _integer(self, where: str) -> Canary:
        whole = self.chance.randrange(10**8, 10**9)
        return Canary(where, "IS", str(whole), (str(whole),), float(whole))

    def _decimal(self, where: str) -> Canary:
        # Weight and size must be plausible; the others lie where no number of a manifest does.
        text = f"{self.chance.uniform(1, 9):.7f}"
        plausible = {"00101030": f"7{text}", "00101020": f"1.{self.chance.randrange(10**7, 10**8)}"}
        text = plausible.get(where, f"{text}e27")
        return Canary(where, "DS", text, (text.removesuffix("e27"),), float(text))


def of_the_profile(shared_data: Path, breeder: Breeder) -> dict[int, Canary]:
    """Return one canary per attribute of the table that has a tag of its own, by tag."""
    table = json.loads((shared_data / "dicom-standard/confidentiality_profile_attributes.json").read_text())
    assert len(table) == 621
    found: dict[int, Canary] = {}
    for row in table:
        for tag, vr in _tags(row["id"]):
            found[tag] = _consistent(tag) or breeder.make(f"{tag:08x}", vr)
    return found


def _tags(name: str) -> Iterator[tuple[int, str]]:
    """Yield what a row stands for: repeating groups by their first, private attributes by one group."""
    if name.startswith("gggg"):
        yield 0x00131001, "LO"
    elif "xx" in name:
        vr = {"50xxxxxx": "OW", "60xx4000": "LT", "60xx3000": "OW"}[name]
        yield int(name.replace("50xxxxxx", "50003000").replace("60xx", "6000"), 16), vr
    else:
        tag = int(name, 16)
        yield tag, dictionary_VR(tag).split(" ")[0]


def _consistent(tag: int) -> Canary | None:
    """Return the times that must fit together, or the series would be refused."""
    breeder, where = Breeder(), f"{tag:08x}"
    injected = SCANNED - timedelta(minutes=62, seconds=3, microseconds=211_397)
    times = {
        0x00080022: ("DA", SCANNED),
        0x00080032: ("TM", SCANNED),
        0x00080021: ("DA", SCANNED - timedelta(days=1)),
        0x00080031: ("TM", SCANNED - timedelta(microseconds=120_373)),
        0x00181072: ("TM", injected),
        0x00181078: ("DT", injected),
    }
    return breeder.moment(where, *times[tag]) if tag in times else None


def plant(dataset: Dataset, canaries: dict[int, Canary]) -> Dataset:
    """Set every canary on a dataset; a sequence gets an item that holds one."""
    for tag, canary in canaries.items():
        if canary.vr == "SQ":
            dataset.add_new(tag, "SQ", Sequence([copy.deepcopy(canary.value)]))
        elif tag == 0x00131001:
            dataset.add_new(0x00130010, "LO", "PRIVATE CREATOR")
            dataset.add_new(tag, "LO", canary.value)
        else:
            dataset.add_new(tag, canary.vr, canary.value)
    return dataset


def forms(text: str) -> Iterator[bytes]:
    """Yield a text in the encodings that software puts texts in; letters in lower case where both occur."""
    raw = text.lower().encode()
    yield raw
    yield text.lower().encode("utf-16-le")
    yield text.lower().encode("utf-16-be")
    for one in {text, text.lower()}:
        yield one.encode().hex().encode()
        yield "".join(f"%{byte:02x}" for byte in one.encode()).encode()


def in_base64(content: bytes) -> Iterator[bytes]:
    """Yield what of `content` shows in base64, at each of its three phases."""
    for phase in range(3):
        encoded = base64.b64encode(bytes(phase) + content)
        yield encoded[(0, 2, 3)[phase] : len(encoded) - 4]

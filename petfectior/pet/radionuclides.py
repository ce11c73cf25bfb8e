"""The radionuclides of PET: names, codes and half-lives.

Half-lives: each row names its source, DDEP (Decay Data Evaluation Project, recommended data, LNE-LNHB, BIPM
Monographie 5) or ENSDF (National Nuclear Data Center). A test holds them to within 0.5 % of a second table.
Codes: PS3.16 CID 4020, SNOMED CT and the older SNOMED RT; a test holds them to pydicom's dictionaries.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

OTHER: Final = "other"
HALF_LIFE_TOLERANCE: Final = 0.05
"""Part by which a header's half-life may differ from the table's before it is flagged."""


@dataclass(frozen=True)
class Radionuclide:
    """One row of the table; `half_life` is in seconds."""

    name: str
    element: str
    half_life: float
    codes: tuple[str, ...]
    source: str = "DDEP"

    @property
    def mass(self) -> str:
        """Mass number as text."""
        return self.name.removesuffix(re.sub(r"\d", "", self.name))


RADIONUCLIDES: Final = (
    Radionuclide("18F", "fluorine", 6584.04, ("77004003", "C-111A1")),
    Radionuclide("68Ga", "gallium", 4069.8, ("35337001", "C-131A3")),
    Radionuclide("11C", "carbon", 1221.66, ("40565003", "C-105A1")),
    Radionuclide("13N", "nitrogen", 598.02, ("21576001", "C-107A1")),
    Radionuclide("15O", "oxygen", 122.46, ("129504001", "C-B1038")),
    Radionuclide("82Rb", "rubidium", 75.91, ("79197006", "C-159A2")),
    Radionuclide("64Cu", "copper", 45721.4, ("3932008", "C-127A2")),
    Radionuclide("89Zr", "zirconium", 282312.0, ("63360001", "C-168A4")),
    Radionuclide("124I", "iodine", 360806.4, ("40937006", "C-114A5"), "ENSDF"),
)
BY_NAME: Final = {one.name: one for one in RADIONUCLIDES}
NAMES: Final = (*BY_NAME, OTHER)
"""The published enumeration: what the manifest may state."""

_BY_CODE: Final = {code: one for one in RADIONUCLIDES for code in one.codes}


def by_code(code: str) -> Radionuclide | None:
    """Return the nuclide of a code value of CID 4020, whatever its coding scheme designator."""
    return _BY_CODE.get(code.strip().upper())


def by_text(text: str) -> Radionuclide | None:
    """Return the nuclide that a text names: ``F^18^[^18^Fluorine]``, ``18F``, ``F-18``, ``Fluorine 18``."""
    words = re.findall(r"[a-z]+|\d+", text.lower())
    pairs = {frozenset(pair) for pair in itertools.pairwise(words)}
    for one in RADIONUCLIDES:
        symbol = one.name.removeprefix(one.mass).lower()
        if pairs & {frozenset((one.mass, symbol)), frozenset((one.mass, one.element))}:
            return one
    return None


def by_half_life(seconds: float) -> Radionuclide | None:
    """Return the one nuclide whose half-life fits, or None."""
    fitting = [one for one in RADIONUCLIDES if fits(one.half_life, seconds)]
    return fitting[0] if len(fitting) == 1 else None


def fits(expected: float, seconds: float) -> bool:
    """Tell whether a header's half-life is within 5 % of the table's."""
    return abs(seconds - expected) <= HALF_LIFE_TOLERANCE * expected

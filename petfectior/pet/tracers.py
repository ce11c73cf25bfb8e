"""The table of tracers: what a header may call them, and the published name that leaves the hospital.

The seed is merged with what a site adds (`petfectior.pet.site_tracers`). A site's row is local: it maps to a
name of the published enumeration, or to "other", and only that name leaves.

Names: PS3.16 CID 4021 (its code meanings are synonyms, held by a test), international non-proprietary names,
product names, and what scanners' lists of tracers call them. Half-lives: `petfectior.pet.radionuclides`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from petfectior.pet.radionuclides import BY_NAME, OTHER, RADIONUCLIDES

NOT_STATED: Final = "not stated"


class Tracer(BaseModel):
    """One row.

    Parameters
    ----------
    name
        What people call it.
    radionuclide
        Name of `petfectior.pet.radionuclides.BY_NAME`.
    synonyms
        Other whole names; case, accents, spaces and punctuation do not count.
    published
        Name of `PUBLISHED` that leaves in its place; "" means its own name if that is published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64)
    radionuclide: str
    synonyms: tuple[str, ...] = ()
    published: str = ""

    @field_validator("radionuclide")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in BY_NAME:
            raise ValueError("unknown radionuclide")
        return value

    @field_validator("published")
    @classmethod
    def _leaves(cls, value: str) -> str:
        if value and value not in PUBLISHED:
            raise ValueError("not a published name")
        return value

    @property
    def half_life(self) -> float:
        """Half-life in seconds."""
        return BY_NAME[self.radionuclide].half_life

    @property
    def stated(self) -> str:
        """The name of the published enumeration that leaves."""
        wanted = self.published or self.name
        return wanted if wanted in PUBLISHED else OTHER


_SEED: Final = """
18F  FDG           fluorodeoxyglucose; 18F-FDG; F-18 FDG; FDG F-18; FDG -- fluorodeoxyglucose; fluorodeoxyglucose F^18^; fludeoxyglucose; fludeoxyglucose F18; [18F]FDG; fluorodesoxiglucosa; fludesoxiglucosa; fluordesoxiglucosa
18F  FLT           fluorothymidine; 18F-FLT; alovudine; thymidine F^18^; fluorotimidina
18F  NaF           sodium fluoride; 18F-NaF; fluoride; F-18 fluoride; sodium fluoride F^18^; fluoruro de sodio; fluoruro sodico
18F  FDOPA         fluorodopa; 18F-DOPA; F-DOPA; FDOPA; fluoro-l-dopa F^18^; DOPA; fluorodopa F18
18F  FET           fluoroethyltyrosine; 18F-FET; fluorethyltyrosin F^18^; fluoroethyl tyrosine
18F  FCH           fluorocholine; 18F-choline; 18F-fluorocholine; fluorocholine F^18^; fluorocolina; FEC; fluoromethylcholine
18F  FMISO         fluoromisonidazole; 18F-FMISO; fluoromisonidazole F^18^
18F  FES           fluoroestradiol; 18F-FES; fluoroestradiol F^18^; fluoroestradiol F18
18F  PSMA-1007     18F-PSMA-1007; PSMA-1007 F^18^; PSMA 1007; F-18 PSMA-1007
18F  DCFPyL        piflufolastat; 18F-DCFPyL; piflufolastat F^18^; piflufolastat F18
18F  rhPSMA-7.3    flotufolastat; flotufolastat F18; 18F-rhPSMA-7.3
18F  fluciclovine  axumin; FACBC; 18F-fluciclovine; fluciclovine F^18^
18F  florbetapir   amyvid; AV-45; 18F-florbetapir; florbetapir F^18^
18F  florbetaben   neuraceq; 18F-florbetaben; florbetaben F^18^
18F  flutemetamol  vizamyl; 18F-flutemetamol; flutemetamol F^18^
18F  flortaucipir  tauvid; AV-1451; T807; 18F-flortaucipir; flortaucipir F^18^; T807 F^18^
18F  MK-6240       florquinitau; 18F-MK-6240; MK-6240 F^18^
18F  flurpiridaz   flyrcado; 18F-flurpiridaz; flurpiridaz F^18^
18F  AlF-NOTA-octreotide  18F-AlF-NOTA-octreotide; AlF-NOTA-OC
68Ga DOTATATE      68Ga-DOTATATE; dotatate Ga^68^; netspot; Ga-68 dotatate; oxodotreotide
68Ga DOTATOC       68Ga-DOTATOC; edotreotide; edotreotide Ga^68^; Ga-68 dotatoc
68Ga DOTANOC       68Ga-DOTANOC; Ga-68 dotanoc
68Ga PSMA-11       68Ga-PSMA-11; PSMA-11 Ga^68^; gozetotide; HBED-CC PSMA; Ga-68 PSMA; 68Ga-PSMA; PSMA-11 Ga-68
68Ga FAPI          68Ga-FAPI; FAPI-04; FAPI-46; 68Ga-FAPI-04; 68Ga-FAPI-46
68Ga pentixafor    68Ga-pentixafor
68Ga citrate       68Ga-citrate; gallium citrate; citrato de galio
11C  choline       11C-choline; choline C^11^; C-11 choline; colina
11C  methionine    11C-methionine; methionine C^11^; C-11 methionine; MET; metionina
11C  acetate       11C-acetate; acetate C^11^; C-11 acetate; acetato
11C  PiB           pittsburgh compound B; 11C-PIB; pittsburgh compound B C^11^; C-11 PIB
11C  raclopride    11C-raclopride; raclopride C^11^; racloprida
11C  flumazenil    11C-flumazenil; flumazenil C^11^
11C  UCB-J         11C-UCB-J; UCB-J C^11^
11C  palmitate     11C-palmitate; palmitate C^11^; palmitato
13N  ammonia       13N-ammonia; ammonia N^13^; N-13 ammonia; 13NH3; NH3; amoniaco
15O  water         15O-water; oxygen-water O^15^; O-15 water; H2O; H2 15O; agua
15O  carbon monoxide  15O-CO; carbon monoxide O^15^
15O  oxygen        15O-O2; oxygen O^15^; O-15 oxygen
82Rb rubidium      rubidium chloride; 82Rb-chloride; rubidium chloride Rb^82^; Rb-82; cardiogen; ruby-fill; cloruro de rubidio
64Cu DOTATATE-Cu   64Cu-DOTATATE; detectnet; dotatate Cu^64^; Cu-64 dotatate
64Cu ATSM          64Cu-ATSM; ATSM Cu^64^
64Cu PSMA-Cu       64Cu-PSMA; 64Cu-PSMA-617; copper PSMA
64Cu SARTATE       64Cu-SARTATE
89Zr trastuzumab   89Zr-trastuzumab; trastuzumab ^89^Zr
89Zr bevacizumab   89Zr-bevacizumab; bevacizumab ^89^Zr
89Zr girentuximab  89Zr-girentuximab; cG250
89Zr oxine         89Zr-oxine; zirconium oxine
124I iodide        124I-iodide; sodium iodide; NaI; sodium iodide I^124^; yoduro de sodio
124I MIBG          124I-MIBG; iobenguane; metaiodobenzylguanidine
"""  # noqa: E501 - one tracer per line


def _row(line: str) -> Tracer:
    radionuclide, rest = line.split(maxsplit=1)
    name, _, synonyms = rest.partition("  ")
    return Tracer(
        name=name.strip(), radionuclide=radionuclide, synonyms=tuple(map(str.strip, synonyms.split(";")))
    )


def _not_stated(radionuclide: str) -> Tracer:
    return Tracer.model_construct(
        name=f"{radionuclide}, {NOT_STATED}", radionuclide=radionuclide, synonyms=(), published=""
    )


_ROWS: Final = [line for line in _SEED.strip().splitlines() if line]
PUBLISHED: Final = (
    *(line.split(maxsplit=1)[1].partition("  ")[0].strip() for line in _ROWS),
    *(f"{one.name}, {NOT_STATED}" for one in RADIONUCLIDES),
    OTHER,
)
"""The published enumeration of tracer names: all that a manifest may state."""

SEED: Final = tuple(map(_row, _ROWS))
UNSTATED: Final = {one.name: _not_stated(one.name) for one in RADIONUCLIDES}
"""Radionuclide → the row for a tracer that is known by its radionuclide alone."""


def match(texts: Iterable[str], radionuclide: str | None, rows: Sequence[Tracer]) -> Tracer | None:
    """Return the tracer that a header's texts name, else the nuclide's "not stated" row, else None.

    Parameters
    ----------
    texts
        Radiopharmaceutical (0018,0031), then code meanings, in order of trust.
    radionuclide
        Name of the nuclide if the header tells; a row of another nuclide does not match.
    """
    candidates = [row for row in rows if radionuclide in {None, row.radionuclide}]
    for text in texts:
        for row in candidates:
            if plain(text) in {plain(name) for name in (row.name, *row.synonyms)}:
                return row
    return UNSTATED.get(radionuclide) if radionuclide else None


def plain(text: str) -> str:
    """Return a whole name without case, accents, spaces and punctuation."""
    bare = unicodedata.normalize("NFKD", text)
    return re.sub(r"[\W_]", "", "".join(c for c in bare if not unicodedata.combining(c)).casefold())

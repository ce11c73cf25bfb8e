"""The manifest: everything about a series that leaves the hospital besides its voxels.

An allow-list. Names are those of BIDS-PET where BIDS has one. Strings come from closed enumerations only,
times are differences, positions are relative to the first slice, ages are capped; no field could hold a free
text, a date, a UID or an absolute position.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, JsonValue, model_validator
from pydantic_core import CoreSchema, core_schema

from petfectior.pet import radionuclides, scanners, tracers

OLDEST_AGE: Final = 89
UNITS: Final = (
    "BQML",
    "GML",
    "PROPCNTS",
    "PROPCPS",
    "CNTS",
    "CPS",
    "CM2ML",
    "UMOLML",
    "MLMING",
    "MLG",
    "1CM",
)
"""Defined terms of Units (0054,1001) that are processed (PS3.3 C.8.9.1.1.3)."""
CORRECTIONS: Final = (
    *("DECY", "ATTN", "SCAT", "DTIM", "MOTN", "PMOT", "CLN", "RAN", "RADL", "DCAL", "NORM", "SLSENS"),
    *("PSF", "TOF", "LIN", "GEOM"),
)
"""Terms of CorrectedImage (0028,0051) that may leave (PS3.3 C.8.9.1.1.2, and vendors')."""
METHODS: Final = ("FBP", "OSEM", "MLEM", "RAMLA", "BLOB-OS", "BPL", "HYPER", "other")
FILTERS: Final = ("none", "Gaussian", "Butterworth", "Hann", "all-pass", "other")
MODES: Final = ("STATIC", "WHOLE BODY", "DYNAMIC", "GATED", "other")
DECAY: Final = ("NONE", "START", "ADMIN", "other")


class OneOf:
    """Constrains a string to a closed enumeration, in the model and in its JSON Schema."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(dict.fromkeys(names))

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a literal."""
        return core_schema.literal_schema(self.names)


Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Offset = tuple[Finite, Finite, Finite]
Slope = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VoxelBlock(_Part):
    """The voxel block: what a reader needs before the first byte; one slope per slice in C order."""

    Shape: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=3, max_length=4)]
    DataType: Literal["int16", "uint16", "float32"]
    Encoding: Literal["blosc2", "none"]
    RescaleSlope: list[Slope]


class ReconstructionPart(_Part):
    """How the image was made; what the header does not tell is left out."""

    ReconMethodName: Annotated[str, OneOf(METHODS)]
    Iterations: Annotated[int, Field(gt=0)] | None = None
    Subsets: Annotated[int, Field(gt=0)] | None = None
    ReconFilterType: Annotated[str, OneOf(FILTERS)] | None = None
    ReconFilterSize: Positive | None = Field(None, description="full width at half maximum, mm")
    TimeOfFlight: bool | None = None
    PointSpreadFunction: bool | None = None


class Times(_Part):
    """Times of each slice in C order, seconds since `FrameTimesStart` 0; null where the header lacks it."""

    Start: list[Finite | None]
    Duration: list[Positive | None]
    ReferenceTime: list[Finite | None] = Field(description="FrameReferenceTime (0054,1300)")
    DecayFactor: list[Positive | None]


class Person(_Part):
    """Of the patient; only what the model needs leaves."""

    BodyWeight: Positive | None = Field(None, description="kg")
    BodyHeight: Positive | None = Field(None, description="m")
    Sex: Literal["M", "F", "O"] | None = None
    Age: Annotated[int, Field(ge=0, le=OLDEST_AGE)] | None = Field(None, description="years, capped at 89")


class Manifest(_Part):
    """All that leaves. Lengths in mm, times in seconds since the first acquisition began."""

    SchemaVersion: Literal["1.0"] = "1.0"
    Manufacturer: Annotated[str, OneOf(scanners.MAKERS)]
    ManufacturersModelName: Annotated[str, OneOf(scanners.PUBLISHED_MODELS)]
    Units: Annotated[str, OneOf(UNITS)]
    TracerName: Annotated[str, OneOf(tracers.PUBLISHED)]
    TracerRadionuclide: Annotated[str, OneOf(radionuclides.NAMES)]
    RadionuclideHalfLife: Positive
    InjectedRadioactivity: Positive
    InjectedRadioactivityUnits: Literal["MBq"] = "MBq"
    InjectionStart: Finite = Field(description="seconds; negative if before the first acquisition")
    AcquisitionMode: Annotated[str, OneOf(MODES)]
    DecayCorrection: Annotated[str, OneOf(DECAY)]
    ImageDecayCorrected: bool
    ImageDecayCorrectionTime: Finite | None = None
    Corrections: list[Annotated[str, OneOf(CORRECTIONS)]]
    Reconstruction: ReconstructionPart
    VoxelSpacing: tuple[Positive, Positive, Positive] = Field(
        description="between slices (median), between rows, between columns"
    )
    ImageOrientation: tuple[Cosine, Cosine, Cosine, Cosine, Cosine, Cosine]
    SlicePositions: list[Offset] = Field(
        description="first voxel of each slice relative to the first slice's"
    )
    FrameTimesStart: list[Finite]
    FrameDuration: list[Positive | None]
    SliceTimes: Times
    Subject: Person | None = None
    Block: VoxelBlock

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        *frames, slices = self.Block.Shape[:-2]
        images = slices * (frames[0] if frames else 1)
        times = self.SliceTimes
        lengths = {
            len(self.Block.RescaleSlope),
            *map(len, (times.Start, times.Duration, times.ReferenceTime, times.DecayFactor)),
        }
        if lengths != {images} or len(self.SlicePositions) != slices:
            raise ValueError("one value per slice")
        if {len(self.FrameTimesStart), len(self.FrameDuration)} != {images // slices}:
            raise ValueError("one value per frame")
        return self

    def document(self) -> dict[str, JsonValue]:
        """Return the manifest as it is stored and sent: JSON values, nothing that is not known."""
        return self.model_dump(mode="json", exclude_none=True)

    def encode(self) -> bytes:
        """Return the manifest's bytes: sorted keys, no spaces, the same for the same manifest."""
        return encode(self.document())


def encode(document: Mapping[str, JsonValue]) -> bytes:
    """Encode a manifest's document deterministically (sorted keys, ASCII, no spaces)."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def digest(document: Mapping[str, JsonValue]) -> str:
    """Return the SHA-256 of `encode`, hexadecimal."""
    return hashlib.sha256(encode(document)).hexdigest()


def schema() -> dict[str, JsonValue]:
    """Return the JSON Schema that is published as ``docs/reference/manifest.schema.json``."""
    published = Manifest.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **published}

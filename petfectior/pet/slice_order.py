"""Which source instance each slice of the voxel block came from: the JSON lines of `Package.order`.

Slice k of the block, in C order, is line k. What the server returns is put back by position in this list
alone; nothing that the server says is used as identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field


class SliceSource(BaseModel):
    """Where slice k of the block came from.

    Parameters
    ----------
    part
        Index into `Task.parts`.
    offset, size
        Where the encoded dataset lies in that part's blob, bytes.
    frame
        Frame number within a multi-frame instance, from 1; None for a single-frame one.
    pixel_offset
        Where the value of PixelData lies in the encoded dataset, bytes, if it is known.
    slope, intercept
        RescaleSlope and RescaleIntercept of the source.
    digest
        SHA-256 of the encoded dataset, hexadecimal: checked again before it is edited.
    """

    model_config = ConfigDict(frozen=True)

    part: int = Field(ge=0)
    offset: int = Field(ge=0)
    size: int = Field(gt=0)
    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    digest: str
    slope: float = Field(gt=0)
    intercept: float = 0.0
    frame: int | None = Field(default=None, ge=1)
    pixel_offset: int | None = Field(default=None, ge=0)


def write_order(sources: Iterable[SliceSource]) -> Iterator[bytes]:
    """Encode the sources as JSON lines, in the block's C order."""
    for one in sources:
        yield one.model_dump_json().encode() + b"\n"


def read_order(lines: Iterable[bytes | str]) -> Iterator[SliceSource]:
    """Decode what `write_order` wrote. Raises pydantic.ValidationError on a damaged line."""
    for line in lines:
        if line.strip():
            yield SliceSource.model_validate_json(line)

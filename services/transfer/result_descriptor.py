"""What the server says of its result, held against what was asked for, before a byte is downloaded."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from petfectior.errors import Quarantined
from petfectior.task import Job, Package

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OVERHEAD: Final = 1 << 20
"""Bytes that an encoding may add to voxels that do not compress."""


class Block(BaseModel):
    """One block of the result."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Literal["image", "removed-noise"]
    offset: int = Field(ge=0)
    size: int = Field(gt=0)
    sha256: Sha256
    shape: list[int]
    dtype: str
    encoding: Literal["blosc2", "none"]
    rescale_slope: list[float] = Field(default_factory=list)


class Descriptor(BaseModel):
    """The whole result: one image, and at most one block of removed noise, one after the other."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    nonce: str = Field(max_length=128)
    size: int = Field(gt=0)
    sha256: Sha256
    model: str = Field("", max_length=64)
    model_version: str = Field("", max_length=64)
    blocks: list[Block] = Field(min_length=1, max_length=2)


def verified(stated: dict[str, Any] | None, job: Job, package: Package) -> Descriptor:
    """Return the descriptor of a result that answers to this very job.

    Raises
    ------
    Quarantined
        With the code of the check that refused it.
    """
    try:
        result = Descriptor.model_validate(stated)
    except ValidationError as error:
        raise Quarantined("result-descriptor-invalid") from error
    if result.nonce != job.nonce:
        raise Quarantined("result-nonce-wrong")
    _check_layout(result)
    for block in result.blocks:
        _check_block(block, package)
    return result


def _check_layout(result: Descriptor) -> None:
    roles = [block.role for block in result.blocks]
    if roles != ["image", "removed-noise"][: len(roles)]:
        raise Quarantined("result-blocks-wrong")
    ends = list(accumulate((block.size for block in result.blocks), initial=0))
    if [block.offset for block in result.blocks] != ends[:-1] or ends[-1] != result.size:
        raise Quarantined("result-blocks-wrong")


def _check_block(block: Block, package: Package) -> None:
    if tuple(block.shape) != package.shape:
        raise Quarantined("result-shape-wrong")
    if block.dtype not in _dtypes(block, package):
        raise Quarantined("result-dtype-wrong")
    voxels = math.prod(package.shape) * np.dtype(block.dtype).itemsize
    if block.size > voxels + OVERHEAD or (block.encoding == "none" and block.size != voxels):
        raise Quarantined("result-length-wrong")
    slices = math.prod(package.shape[:-2])
    expected = 0 if block.dtype == "float32" else slices
    good = all(math.isfinite(slope) and slope > 0 for slope in block.rescale_slope)
    if len(block.rescale_slope) != expected or not good:
        raise Quarantined("result-slopes-wrong")


def _dtypes(block: Block, package: Package) -> set[str]:
    """Return what a block may hold: what was asked for; removed noise has both signs."""
    if block.role == "removed-noise" and package.dtype == "uint16":
        return {"int16"}
    return {package.dtype}

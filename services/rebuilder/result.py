"""The server's answer on local disk: every length and digest checked before anything is decompressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from petfectior.errors import Permanent, Quarantined
from petfectior.pet import voxel_block
from petfectior.pet.voxel_block import Slice
from petfectior.ports import BlobStore
from petfectior.scratch import fetched
from petfectior.task import Job, Package, Task

CHUNK: Final = 1 << 20


class Block(BaseModel):
    """One voxel block of a result, as the server describes it."""

    model_config = ConfigDict(frozen=True)

    role: Literal["image", "removed-noise"]
    offset: int = Field(ge=0)
    size: int = Field(gt=0)
    sha256: str
    shape: tuple[int, ...]
    dtype: str
    encoding: str
    rescale_slope: list[float] = Field(default_factory=list)


class Descriptor(BaseModel):
    """What the server says of its result; nothing in it identifies anyone."""

    model_config = ConfigDict(frozen=True)

    nonce: str
    size: int = Field(gt=0)
    sha256: str
    model: str = ""
    model_version: str = ""
    blocks: list[Block] = Field(min_length=1, max_length=2)


@dataclass(frozen=True)
class VoxelBlock:
    """A checked block: a file of its own."""

    path: Path
    shape: tuple[int, ...]
    dtype: str
    encoding: str
    slopes: list[float]

    def slices(self) -> Iterator[Slice]:
        """Yield the slices in C order. Raises `Quarantined` if the block is not what was asked for."""
        return voxel_block.read(self.path, self.shape, self.dtype, self.encoding)


@dataclass(frozen=True)
class Result:
    """A result that agrees with its description and with what was asked for."""

    descriptor: Descriptor
    image: VoxelBlock
    removed_noise: VoxelBlock | None


def described(job: Job | None) -> Descriptor:
    """Return what the server says of the result of this attempt.

    Raises
    ------
    Permanent
        If there is no result.
    Quarantined
        If it is no such description, or answers another attempt.
    """
    if job is None or job.result is None:
        raise Permanent("result-missing")
    try:
        descriptor = Descriptor.model_validate(job.result)
    except ValidationError:
        raise Quarantined("result-descriptor-invalid") from None
    if descriptor.nonce != job.nonce:
        raise Quarantined("result-nonce-wrong")
    return descriptor


def unpacked(blobs: BlobStore, task: Task, package: Package, folder: Path) -> Result:
    """Copy the result's blocks into `folder`, one file each.

    Raises
    ------
    Quarantined
        If a length, digest, shape or dtype is not what was announced or asked for.
    """
    descriptor = described(task.job)
    whole = folder / "result"
    _join(blobs, task, whole, descriptor)
    blocks = {block.role: _block(whole, block, package, folder) for block in descriptor.blocks}
    if "image" not in blocks or len(blocks) != len(descriptor.blocks):
        raise Quarantined("result-blocks-wrong")
    whole.unlink()
    return Result(descriptor, blocks["image"], blocks.get("removed-noise"))


def _join(blobs: BlobStore, task: Task, target: Path, descriptor: Descriptor) -> None:
    with target.open("wb") as file:
        for blob in task.result:
            with fetched(blobs, blob) as chunk:
                _copy(chunk, file, blob.size)
    if target.stat().st_size != descriptor.size or _digest(target) != descriptor.sha256:
        raise Quarantined("result-digest-wrong")


def _block(whole: Path, block: Block, package: Package, folder: Path) -> VoxelBlock:
    if block.shape != package.shape:
        raise Quarantined("result-shape-wrong")
    # Removed noise has both signs, whatever the series has.
    signed_noise = block.role == "removed-noise" and block.dtype.endswith("int16")
    if block.dtype != package.dtype and not signed_noise:
        raise Quarantined("result-dtype-wrong")
    count = _count(package.shape)
    whole_numbers = block.dtype != "float32"
    if whole_numbers and len(block.rescale_slope) != count:
        raise Quarantined("result-slopes-wrong")
    path = folder / block.role
    with whole.open("rb") as source, path.open("wb") as target:
        source.seek(block.offset)
        _copy(source, target, block.size)
    if path.stat().st_size != block.size or _digest(path) != block.sha256:
        raise Quarantined("result-digest-wrong")
    slopes = block.rescale_slope if whole_numbers else [1.0] * count
    return VoxelBlock(path, block.shape, block.dtype, block.encoding, slopes)


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape[:-2]:
        count *= length
    return count


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size and (chunk := source.read(min(CHUNK, size))):
        size -= target.write(chunk)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

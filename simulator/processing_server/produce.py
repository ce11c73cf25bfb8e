"""Turning a package into a result: read, smooth, requantise, write; one slice at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from petfectior.pet import rescale, voxel_block
from simulator.processing_server.faults import Fault, Faults
from simulator.processing_server.jobs import Job
from simulator.processing_server.models import MODELS, Model
from simulator.processing_server.storage import Storage, digest

Plane = npt.NDArray[np.float32]
Stored = npt.NDArray[Any]
Told = Callable[[float], None]
DRIFT: Final = 1.5


@dataclass
class Block:
    """The voxel block of a package, as its manifest describes it."""

    path: Path
    shape: tuple[int, ...]
    dtype: str
    encoding: voxel_block.Encoding
    slopes: list[float]
    spacing: tuple[float, float, float]

    @property
    def depth(self) -> int:
        """Slices of one frame."""
        return self.shape[-3]

    @property
    def count(self) -> int:
        """Slices of all frames."""
        return int(np.prod(self.shape[:-2]))

    def stored(self) -> Iterator[Stored]:
        """Yield the stored values, slice by slice."""
        yield from voxel_block.read(self.path, self.shape, self.dtype, self.encoding)

    def frames(self) -> Iterator[Iterator[Plane]]:
        """Yield the slices of each frame in the source's units."""
        planes = (
            plane.astype(np.float32) * np.float32(slope)
            for plane, slope in zip(self.stored(), self.slopes, strict=True)
        )
        for _ in range(self.count // self.depth):
            yield islice(planes, self.depth)


@dataclass
class Writer:
    """Writes real values in the block's own kind of numbers, and collects the slopes."""

    dtype: str
    slopes: list[float] = field(default_factory=list)

    def encode(self, plane: Plane) -> Stored:
        """Return the slice as it is stored."""
        if self.dtype == "float32":
            return plane.astype(np.float32)
        kept = np.maximum(plane, 0.0) if self.dtype == "uint16" else plane
        rescaled = rescale.quantise(kept, signed=self.dtype == "int16")
        self.slopes.append(float(rescaled.slope))
        return rescaled.stored


def result(job: Job, storage: Storage, faults: Faults, told: Told) -> dict[str, JsonValue]:
    """Process a job's package and store the result; return its descriptor."""
    block = _block(job, storage)
    model = MODELS[job.model]
    folder = storage.folder(job.id)
    drift = DRIFT if faults.take(Fault.ACTIVITY_DRIFT) else 1.0
    if model.exact and drift == 1.0:
        written = [("image", folder / "image", block.dtype, _copy(block, folder / "image", told))]
    else:
        written = _smooth(block, model, folder, drift, told)
    return _descriptor(job, storage.result(job.id), block, written)


def _block(job: Job, storage: Storage) -> Block:
    stated = job.request["manifest"]["Block"]
    spacing = job.request["manifest"].get("VoxelSpacing") or [3.0, 3.0, 3.0]
    shape = tuple(stated["Shape"])
    count = int(np.prod(shape[:-2]))
    return Block(
        path=storage.package(job.id),
        shape=shape,
        dtype=stated["DataType"],
        encoding=stated["Encoding"],
        slopes=stated.get("RescaleSlope") or [1.0] * count,
        spacing=(float(spacing[0]), float(spacing[1]), float(spacing[2])),
    )


def _copy(block: Block, path: Path, told: Told) -> list[float]:
    planes = _counted(block.stored(), block.count, told)
    voxel_block.write(path, planes, block.shape, block.dtype, block.encoding)
    return [] if block.dtype == "float32" else block.slopes


def _smooth(
    block: Block, model: Model, folder: Path, drift: float, told: Told
) -> list[tuple[str, Path, str, list[float]]]:
    """Write the image, and beside it what was removed (which has both signs)."""
    image, noise = Writer(block.dtype), Writer("float32" if block.dtype == "float32" else "int16")
    scratch = folder / "noise.raw"
    with scratch.open("wb") as file:

        def planes() -> Iterator[Stored]:
            originals = _originals(block)
            for frame in block.frames():
                for plane in model.smooth(frame, block.spacing):
                    (next(originals) - plane).astype(np.float32).tofile(file)
                    yield image.encode(plane * np.float32(drift))

        shown = _counted(planes(), block.count, told)
        voxel_block.write(folder / "image", shown, block.shape, block.dtype, block.encoding)
    removed = (noise.encode(plane) for plane in _raw(scratch, block))
    voxel_block.write(folder / "noise", removed, block.shape, noise.dtype, block.encoding)
    scratch.unlink()
    return [
        ("image", folder / "image", image.dtype, image.slopes),
        ("removed-noise", folder / "noise", noise.dtype, noise.slopes),
    ]


def _originals(block: Block) -> Iterator[Plane]:
    for frame in block.frames():
        yield from frame


def _raw(path: Path, block: Block) -> Iterator[Plane]:
    rows, columns = block.shape[-2:]
    with path.open("rb") as file:
        while content := file.read(rows * columns * 4):
            yield np.frombuffer(content, np.float32).reshape(rows, columns)


def _counted(planes: Iterator[Stored], count: int, told: Told) -> Iterator[Stored]:
    for index, plane in enumerate(planes, start=1):
        yield plane
        told(index / count)


def _descriptor(
    job: Job, path: Path, block: Block, written: list[tuple[str, Path, str, list[float]]]
) -> dict[str, JsonValue]:
    blocks: list[JsonValue] = []
    offset = 0
    with path.open("wb") as file:
        for role, part, dtype, slopes in written:
            size = part.stat().st_size
            entry: dict[str, JsonValue] = {
                "role": role,
                "offset": offset,
                "size": size,
                "sha256": digest(part),
                "shape": list(block.shape),
                "dtype": dtype,
                "encoding": block.encoding,
            }
            if slopes:
                entry["rescale_slope"] = list(slopes)
            blocks.append(entry)
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
            part.unlink()
            offset += size
    return {
        "nonce": job.request["nonce"],
        "size": offset,
        "sha256": digest(path),
        "model": job.model,
        "model_version": job.model_version,
        "blocks": blocks,
    }

"""Making a good result bad, on order."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from petfectior.pet import voxel_block
from simulator.processing_server.faults import Fault, Faults
from simulator.processing_server.storage import digest

BOMB_FRAMES: Final = 64
Result = dict[str, JsonValue]


def inflict(result: Result, path: Path, faults: Faults) -> Result:
    """Return the descriptor after every damage in force; the file is changed too."""
    if faults.take(Fault.WRONG_NONCE):
        result["nonce"] = secrets.token_hex(16)
    if faults.take(Fault.NAN):
        result = _not_finite(result, path)
    if faults.take(Fault.WRONG_SHAPE):
        shape = _first(result)["shape"]
        _first(result)["shape"] = [*shape[:-3], shape[-3] - 1, *shape[-2:]]
    if faults.take(Fault.BOMB):
        result = _bomb(result, path)
    if faults.take(Fault.TRUNCATED):
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    return result


def _first(result: Result) -> dict[str, Any]:
    blocks: Any = result["blocks"]
    first: dict[str, Any] = blocks[0]
    return first


def _not_finite(result: Result, path: Path) -> Result:
    """Put a NaN into a float block; an integer block gets a slope that overflows."""
    block = _first(result)
    if block["dtype"] != "float32":
        block["rescale_slope"][0] = 1e308
        return result
    return _rewrite(result, path, _with_nan(path, block), tuple(block["shape"]), "float32")


def _with_nan(path: Path, block: dict[str, Any]) -> Iterator[npt.NDArray[np.generic]]:
    shape, encoding = tuple(block["shape"]), block["encoding"]
    part = path.with_name("part")
    with path.open("rb") as file:
        part.write_bytes(file.read(block["size"]))
    for index, plane in enumerate(voxel_block.read(part, shape, "float32", encoding)):
        values = np.array(plane)
        if index == 0:
            values[0, 0] = np.nan
        yield values
    part.unlink()


def _bomb(result: Result, path: Path) -> Result:
    """Replace the image by a frame that unpacks to far more than it states."""
    block = _first(result)
    count = int(np.prod(block["shape"][:-2])) * BOMB_FRAMES
    plane = np.zeros(block["shape"][-2:], block["dtype"])
    planes = (plane for _ in range(count))
    return _rewrite(result, path, planes, (count, *plane.shape), block["dtype"])


def _rewrite(
    result: Result,
    path: Path,
    planes: Iterator[npt.NDArray[np.generic]],
    shape: tuple[int, ...],
    dtype: str,
) -> Result:
    """Make the result one image block of these planes."""
    block = _first(result)
    block["encoding"] = "blosc2"
    fresh = path.with_name("fresh")
    voxel_block.write(fresh, planes, shape, dtype, "blosc2")
    fresh.replace(path)
    block["size"] = path.stat().st_size
    block["sha256"] = digest(path)
    return {**result, "blocks": [block], "size": block["size"], "sha256": block["sha256"]}

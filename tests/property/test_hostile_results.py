"""A hostile server: what it may answer, and what the gateway then believes.

Held against the very functions that the services ask, in their order: the descriptor, the bytes, the blocks
as files, every value, the total activity. A clumsy server's digests do not fit; a clever one's always do.
"""

from __future__ import annotations

import copy
import hashlib
import math
import struct
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from petfectior.adapters.files import FileBlobStore
from petfectior.errors import Quarantined
from petfectior.pet import voxel_block
from petfectior.reasons import sentence
from petfectior.task import Blob, Job, Package, Source, Task
from services.rebuilder.result import VoxelBlock, unpacked
from services.rebuilder.survey import check_drift, survey
from services.transfer import result_content, result_descriptor

SHAPE: Final = (5, 16, 12)
ALLOWED_DRIFT: Final = 0.2
MEMORY: Final = 2 * voxel_block.CHUNK + (8 << 20)
"""Bytes that checking a result may take, whatever it says of itself: two chunks and a little."""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats()
    | st.sampled_from(
        ["int16", "uint16", "float32", "object", "blosc2", "none", "pickle", "image", "../../x"]
    )
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True)
class Case:
    """What was asked for, and the honest answer."""

    dtype: str
    encoding: str
    package: Package
    values: NDArray[np.generic]
    content: bytes
    stated: dict[str, Any]

    def answer(self, content: bytes, **block: Any) -> dict[str, Any]:
        """Return the descriptor of a clever server: lengths and digests are those of what it sends."""
        digest = hashlib.sha256(content).hexdigest()
        first = {**self.stated["blocks"][0], "size": len(content), "sha256": digest, **block}
        return {**self.stated, "size": len(content), "sha256": digest, "blocks": [first]}


JOB: Final = Job(id="0" * 32, nonce="n" * 32, created_at=0.0)


def _case(dtype: str, encoding: voxel_block.Encoding) -> Case:
    chance = np.random.default_rng(7)
    values = chance.poisson(30, SHAPE).astype(dtype)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "block"
        voxel_block.write(path, list(values), SHAPE, dtype, encoding)
        content = path.read_bytes()
    blob = Blob(key="package", size=len(content), sha256=hashlib.sha256(content).hexdigest())
    package = Package(
        blob=blob,
        manifest={},
        manifest_sha256="",
        order=blob,
        encoding=encoding,
        dtype=dtype,
        shape=SHAPE,
        units="BQML",
    )
    slopes = [] if dtype == "float32" else [0.5 + place for place in range(SHAPE[0])]
    block = {"role": "image", "offset": 0, "size": blob.size, "sha256": blob.sha256, "shape": list(SHAPE)}
    block |= {"dtype": dtype, "encoding": encoding, "rescale_slope": slopes}
    stated = {"nonce": JOB.nonce, "size": blob.size, "sha256": blob.sha256, "blocks": [block]}
    return Case(dtype, encoding, package, values, content, stated)


CASES: Final = [_case("int16", "blosc2"), _case("float32", "blosc2"), _case("uint16", "none")]
CASES.append(_case("float32", "none"))


def believed(case: Case, stated: Any, content: bytes) -> NDArray[np.float64]:
    """Return the values that the gateway would build slices from. Raises `Quarantined`."""
    result = result_descriptor.verified(stated, JOB, case.package)
    result_content.verify([content], result)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blobs = FileBlobStore(folder / "blobs")
        source = Source(calling_ae_title="S", called_ae_title="P", address="127.0.0.1")
        task = Task(created_at=0.0, updated_at=0.0, frozen_at=0.0, series_key="", source=source)
        task.package = case.package
        task.jobs = [JOB.model_copy(update={"result": result.model_dump(mode="json")})]
        task.result = [blobs.put("result", [content])]
        (folder / "scratch").mkdir()
        image = unpacked(blobs, task, case.package, folder / "scratch").image
        after = survey(image.slices(), image.slopes)
        check_drift(_before(case, folder), after, ALLOWED_DRIFT)
        pairs = zip(image.slices(), image.slopes, strict=True)
        return np.stack([one.astype(np.float64) * slope for one, slope in pairs])


def _before(case: Case, folder: Path) -> Any:
    path = folder / "package"
    path.write_bytes(case.content)
    slopes = case.stated["blocks"][0]["rescale_slope"] or [1.0] * SHAPE[0]
    block = VoxelBlock(path, SHAPE, case.dtype, case.encoding, slopes)
    return survey(block.slices(), slopes)


def _told(error: Quarantined) -> None:
    """A person reads why, in both languages."""
    assert "uarant" in sentence(error.reason, "en")
    assert "cuarentena" in sentence(error.reason, "es")


def judged(case: Case, stated: Any, content: bytes) -> NDArray[np.float64] | None:
    """Return what is believed, or None; hold both to what must be true, memory included."""
    tracemalloc.start()
    try:
        values = believed(case, stated, content)
    except Quarantined as error:
        _told(error)
        return None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < MEMORY
    assert values.shape == SHAPE
    assert np.isfinite(values).all()
    slopes = case.stated["blocks"][0]["rescale_slope"] or [1.0] * SHAPE[0]
    total = float((case.values.astype(np.float64) * np.array(slopes)[:, None, None]).sum())
    assert abs(values.sum() - total) <= ALLOWED_DRIFT * abs(total) * (1 + 1e-9)
    return values


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.dtype}-{case.encoding}")
def test_the_honest_answer_is_believed(case: Case) -> None:
    assert judged(case, case.stated, case.content) is not None


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        yield from _paths(value, (*path, name))


@settings(max_examples=400, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_a_descriptor_of_any_kind_is_refused_or_says_what_was_asked_for(
    case: Case, data: st.DataObject
) -> None:
    stated = copy.deepcopy(case.stated)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([path for path in _paths(stated) if path] or [("nonce",)]))
        node = stated
        for name in way:
            node = node[name]
        node[last] = data.draw(JSON)
        if way:
            node.pop(last) if isinstance(node, dict) and data.draw(st.booleans()) else None
    values = judged(case, stated, case.content)
    if values is None:
        return
    block = result_descriptor.verified(stated, JOB, case.package).blocks[0]
    assert (tuple(block.shape), block.dtype) == (SHAPE, case.dtype)
    assert stated["nonce"] == JOB.nonce


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(CASES), data=st.data())
def test_bytes_that_a_clumsy_server_spoils_are_never_believed(case: Case, data: st.DataObject) -> None:
    content = bytearray(case.content)
    how = data.draw(st.sampled_from(["cut", "flip", "longer", "other", "empty"]))
    if how == "cut":
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    elif how == "flip":
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    elif how == "longer":
        content += data.draw(st.binary(min_size=1, max_size=64))
    elif how == "other":
        content = bytearray(next(one.content for one in CASES if one is not case))
    else:
        content.clear()
    assert judged(case, case.stated, bytes(content)) is None


@settings(max_examples=500, deadline=None)
@given(case=st.sampled_from(CASES[:2]), data=st.data())
def test_a_frame_that_lies_is_refused_or_unfolds_to_what_was_asked_for(
    case: Case, data: st.DataObject
) -> None:
    content = bytearray(case.content)
    for _ in range(data.draw(st.integers(1, 4))):
        size = data.draw(st.sampled_from([1, 4, 8]))
        place = data.draw(st.integers(0, 200) | st.integers(0, len(content) - 8))
        lie = data.draw(st.sampled_from([0, 1, 255, 1 << 30, (1 << 31) - 1, (1 << 63) - 1]) | st.integers(0))
        order = data.draw(st.sampled_from("<>"))
        packed = struct.pack(f"{order}Q", lie % (1 << 64))
        content[place : place + size] = packed[:size] if order == "<" else packed[-size:]
    cut = data.draw(st.sampled_from([len(content), len(content) - 1, len(content) // 2, 120, 16, 1]))
    judged(case, case.answer(bytes(content[:cut])), bytes(content[:cut]))


@settings(max_examples=200, deadline=None)
@given(
    place=st.integers(0, math.prod(SHAPE) - 1),
    value=st.sampled_from([math.nan, math.inf, -math.inf]),
    encoding=st.sampled_from(["blosc2", "none"]),
)
def test_a_value_that_is_no_number_is_never_believed(
    place: int, value: float, encoding: voxel_block.Encoding
) -> None:
    case = next(one for one in CASES if (one.dtype, one.encoding) == ("float32", encoding))
    values = case.values.copy()
    values.reshape(-1)[place] = value
    content = _written(values, "float32", encoding)
    assert judged(case, case.answer(content), content) is None


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(CASES), factor=st.floats(0.0, 1e30), place=st.integers(0, SHAPE[0] - 1))
@example(case=CASES[0], factor=1e308, place=0)
@example(case=CASES[0], factor=1.0, place=0)
def test_activity_that_drifts_is_never_believed(case: Case, factor: float, place: int) -> None:
    """All slopes, or all real values, times `factor`; one slice more so."""
    if case.dtype == "float32":
        with np.errstate(over="ignore"):
            content = _written(
                (case.values * np.float64(factor)).astype(np.float32), "float32", case.package.encoding
            )
        stated = case.answer(content)
    else:
        content = case.content
        slopes = [slope * factor for slope in case.stated["blocks"][0]["rescale_slope"]]
        slopes[place] *= 1 + abs(factor - 1)
        stated = case.answer(content, rescale_slope=slopes)
    if abs(factor - 1) > ALLOWED_DRIFT * 1.001:
        assert judged(case, stated, content) is None
    elif factor == 1:
        assert judged(case, stated, content) is not None


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from([(5, 12, 16), (4, 16, 12), (5, 16, 13), (1 << 20, 16, 12), (5, 16), (1, 5, 16, 12)])
)
def test_a_frame_of_another_size_is_never_believed(shape: tuple[int, ...]) -> None:
    case = CASES[0]
    planes = min(math.prod(shape[:-2]), 4096)
    content = _written(np.zeros((planes, *shape[-2:]), np.int16), "int16", "blosc2")
    slopes = [1.0] * math.prod(shape[:-2]) if math.prod(shape[:-2]) < 100 else [1.0]
    assert judged(case, case.answer(content, shape=list(shape), rescale_slope=slopes), content) is None
    if planes != SHAPE[0] or shape[-2:] != SHAPE[-2:]:
        honest_words = case.answer(content)
        if len(content) and math.prod(shape) != math.prod(SHAPE):
            assert judged(case, honest_words, content) is None


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    case = CASES[0]
    content = _written(np.zeros((4096, 256, 64), np.int16), "int16", "blosc2")
    assert len(content) < 1 << 16
    assert judged(case, case.answer(content), content) is None


@settings(max_examples=60, deadline=None)
@given(nonce=st.text(max_size=140) | st.sampled_from(["", "n" * 31, "n" * 33, "N" * 32, "n" * 32 + "\0"]))
def test_another_nonce_is_never_believed(nonce: str) -> None:
    case = CASES[0]
    found = judged(case, {**case.stated, "nonce": nonce}, case.content)
    assert (found is not None) == (nonce == JOB.nonce)


def _written(values: NDArray[Any], dtype: str, encoding: voxel_block.Encoding) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "block"
        voxel_block.write(path, iter(values), values.shape, dtype, encoding)
        return path.read_bytes()

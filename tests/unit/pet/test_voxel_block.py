from __future__ import annotations

import struct
from pathlib import Path

import blosc2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petfectior.errors import Quarantined
from petfectior.pet import voxel_block

SHAPE = (130, 300, 300)


@pytest.fixture(scope="module")
def voxels() -> np.ndarray:
    """23 MB in two chunks."""
    return np.random.default_rng(0).poisson(20, SHAPE).astype(np.int16)


@pytest.fixture(scope="module")
def block(voxels: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("block") / "block"
    voxel_block.write(path, voxels, SHAPE, "int16", "blosc2")
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("small") / "block"
    values = np.random.default_rng(1).poisson(50, (3, 20, 20)).astype(np.int16)
    voxel_block.write(path, values, (3, 20, 20), "int16", "blosc2")
    return path.read_bytes()


def _read(path: Path, content: bytes) -> list[voxel_block.Slice]:
    path.write_bytes(content)
    return list(voxel_block.read(path, (3, 20, 20), "int16", "blosc2"))


def test_block_comes_back_as_it_went(voxels: np.ndarray, block: Path) -> None:
    assert np.array_equal(np.stack(list(voxel_block.read(block, SHAPE, "int16", "blosc2"))), voxels)


def test_equal_voxels_make_equal_bytes(voxels: np.ndarray, block: Path, tmp_path: Path) -> None:
    voxel_block.write(tmp_path / "again", voxels, SHAPE, "int16", "blosc2")
    assert (tmp_path / "again").read_bytes() == block.read_bytes()


def test_another_implementation_reads_the_frame(voxels: np.ndarray, block: Path) -> None:
    frame = blosc2.SChunk(urlpath=str(block), mode="r", contiguous=True)
    assert frame[0:1000] == voxels.ravel()[:1000].tobytes()
    assert frame.nchunks == 2


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("chunk", [1 << 20, 300_002])
def test_frame_of_another_implementation_is_read(
    voxels: np.ndarray, tmp_path: Path, threads: int, chunk: int
) -> None:
    written = blosc2.CParams(codec=blosc2.Codec.ZSTD, clevel=5, typesize=2, nthreads=threads)
    blosc2.SChunk(chunksize=chunk, data=voxels, cparams=written, urlpath=str(tmp_path / "b"), contiguous=True)
    assert np.array_equal(np.stack(list(voxel_block.read(tmp_path / "b", SHAPE, "int16", "blosc2"))), voxels)


@pytest.mark.parametrize("dtype", voxel_block.DTYPES)
@pytest.mark.parametrize("encoding", ["blosc2", "none"])
def test_every_type_and_encoding_in_4d(dtype: str, encoding: voxel_block.Encoding, tmp_path: Path) -> None:
    values = np.random.default_rng(2).poisson(9, (2, 3, 7, 5)).astype(dtype)
    voxel_block.write(tmp_path / "b", values.reshape(6, 7, 5), values.shape, dtype, encoding)
    back = list(voxel_block.read(tmp_path / "b", values.shape, dtype, encoding))
    assert np.array_equal(np.stack(back).reshape(values.shape), values)


def test_chunks_of_zeros_come_back(tmp_path: Path) -> None:
    values = np.zeros((400, 300, 300), np.int16)
    values[0] = 3
    voxel_block.write(tmp_path / "b", values, values.shape, "int16", "blosc2")
    back = voxel_block.read(tmp_path / "b", values.shape, "int16", "blosc2")
    assert all(np.array_equal(one, two) for one, two in zip(back, values, strict=True))
    frame = blosc2.SChunk(urlpath=str(tmp_path / "b"), mode="r", contiguous=True)
    assert frame[values.size // 2 : values.size] == values.ravel()[values.size // 2 :].tobytes()


def test_too_few_slices_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="number of slices"):
        voxel_block.write(tmp_path / "b", [np.zeros((2, 2), np.int16)], (2, 2, 2), "int16", "none")


@pytest.mark.parametrize(
    ("shape", "dtype", "code"),
    [
        ((3, 20, 21), "int16", "block-length-wrong"),
        ((2, 20, 20), "int16", "block-length-wrong"),
        ((3, 20, 10), "float32", "block-dtype-wrong"),
        ((3, 20, 20), "object", "block-dtype-unknown"),
    ],
)
def test_block_that_is_not_what_was_asked_for_is_quarantined(
    small: bytes, tmp_path: Path, shape: tuple[int, ...], dtype: str, code: str
) -> None:
    (tmp_path / "b").write_bytes(small)
    with pytest.raises(Quarantined, match=code):
        list(voxel_block.read(tmp_path / "b", shape, dtype, "blosc2"))


def test_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    frame = blosc2.SChunk(
        chunksize=1 << 26, contiguous=True, urlpath=str(tmp_path / "b"), mode="w", cparams={"typesize": 2}
    )
    for _ in range(4):
        frame.append_data(bytes(1 << 26))
    assert (tmp_path / "b").stat().st_size < 1 << 20
    with pytest.raises(Quarantined, match="block-length-wrong"):
        list(voxel_block.read(tmp_path / "b", (3, 20, 20), "int16", "blosc2"))


def test_chunk_that_claims_another_length_is_quarantined(small: bytes, tmp_path: Path) -> None:
    first_chunk = struct.unpack_from(">i", small, 11)[0]
    lying = bytearray(small)
    struct.pack_into("<i", lying, first_chunk + 4, 1 << 30)
    with pytest.raises(Quarantined, match="block-chunk-damaged"):
        _read(tmp_path / "b", bytes(lying))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_frame_is_quarantined_or_read_but_never_crashes(
    small: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    changed = bytearray(small)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(small) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(small), len(small) - 1, len(small) // 2, 100, 20, 0]))
    try:
        slices = _read(tmp_path / "b", bytes(changed[:cut]))
    except Quarantined:
        return
    assert [one.shape for one in slices] == [(20, 20)] * 3

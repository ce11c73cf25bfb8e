"""A task whose series was packed, processed and downloaded: what the rebuilder meets."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from petfectior.adapters.files import FileBlobStore
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.adapters.sqlite_store import SqliteTaskStore
from petfectior.dicom import file_meta
from petfectior.dicom.part_file import PartWriter
from petfectior.handling import Advance, Claim
from petfectior.pet import voxel_block
from petfectior.pet.slice_order import SliceSource, write_order
from petfectior.settings import Settings
from petfectior.task import Blob, Destination, Job, Package, Part, PartState, Series, Source, Task
from petfectior.transitions import claim as take
from petfectior.work import Stage
from services.rebuilder.rebuild import rebuild

NOW = 1_790_000_000.0
Voxels = NDArray[np.generic]


@dataclass
class House:
    """Embedded ports in one folder."""

    blobs: FileBlobStore
    tasks: SqliteTaskStore
    registry: SqliteRegistry
    settings: Settings

    @classmethod
    def build(cls, folder: Path) -> House:
        return cls(
            FileBlobStore(folder / "blobs"),
            SqliteTaskStore(folder),
            SqliteRegistry(folder),
            Settings(data_dir=folder),
        )

    def put_file(self, key: str, path: Path) -> Blob:
        return self.blobs.put(key, [path.read_bytes()])


@dataclass
class Processed:
    """A task in its rebuild stage, and the files its series came from, in the block's order."""

    house: House
    task: Task
    files: list[Path]

    def claim(self) -> Claim:
        task = self.house.tasks.get(self.task.id)
        token = f"lease-{task.revision}"
        assert take(task, Stage.REBUILD, None, "test", NOW, token=token)
        task = self.house.tasks.replace(task)
        return Claim(task=task, stage=Stage.REBUILD, token=token, tasks=self.house.tasks)

    def rebuilt(self) -> Task:
        return self.finish(self.claim())

    def finish(self, claim: Claim) -> Task:
        answer = rebuild(
            claim, blobs=self.house.blobs, registry=self.house.registry, settings=self.house.settings
        )
        assert isinstance(answer, Advance)
        assert answer.stage is Stage.DELIVER
        return claim.save(answer.change)

    def result(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Alter what the server said of its result."""
        task = self.house.tasks.get(self.task.id)
        job = task.job
        assert job is not None
        assert job.result is not None
        change(job.result)
        self.task = self.house.tasks.replace(task)


def identity(stored: Voxels) -> Voxels:
    return stored


def processed(
    house: House,
    files: Iterable[Path],
    process: Callable[[Voxels], Voxels] = identity,
    dtype: str | None = None,
) -> Processed:
    """Pack the files in order of position, apply `process` to each slice and store the result."""
    ordered = sorted(files, key=lambda path: float(_header(path).ImagePositionPatient[2]))
    first = _header(ordered[0])
    kind = dtype or ("int16" if first.PixelRepresentation else "uint16")
    task_id = hashlib.md5(str(ordered[0].parent).encode()).hexdigest()  # noqa: S324 - a stable name
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        part, sources = _part(folder, ordered)
        shape = (len(ordered), int(first.Rows), int(first.Columns))
        real = kind == "float32"
        slopes = [] if real else [source.slope for source in sources]

        def values(path: Path, source: SliceSource) -> Voxels:
            stored = dcmread(path).pixel_array
            if real:
                return (stored * source.slope).astype(np.float32)
            return stored.astype(kind)

        voxel_block.write(
            folder / "package",
            (values(*pair) for pair in zip(ordered, sources, strict=True)),
            shape,
            kind,
            "blosc2",
        )
        answered = (process(values(*pair)) for pair in zip(ordered, sources, strict=True))
        voxel_block.write(folder / "result", answered, shape, kind, "blosc2")
        result = house.put_file(f"{task_id}/result", folder / "result")
        package = Package(
            blob=house.put_file(f"{task_id}/package", folder / "package"),
            manifest={"VoxelSpacing": [3.27, *map(float, first.PixelSpacing)]},
            manifest_sha256="",
            order=house.blobs.put(f"{task_id}/order", write_order(sources)),
            encoding="blosc2",
            dtype=kind,
            shape=shape,
            units=str(first.get("Units", "")),
        )
        stored_part = house.put_file(f"{task_id}/part", part)
    block = {
        "role": "image",
        "offset": 0,
        "size": result.size,
        "sha256": result.sha256,
        "shape": list(shape),
        "dtype": kind,
        "encoding": "blosc2",
        "rescale_slope": slopes,
    }
    descriptor = {
        "nonce": "n",
        "size": result.size,
        "sha256": result.sha256,
        "model": "identity",
        "model_version": "1.0",
        "blocks": [block],
    }
    task = Task(
        id=task_id,
        created_at=NOW,
        updated_at=NOW,
        frozen_at=NOW,
        stage=Stage.REBUILD,
        source=Source(calling_ae_title="PET", called_ae_title="PETFECTIOR", address="127.0.0.1"),
        series=Series(
            series_uid=str(first.SeriesInstanceUID),
            series_description=str(first.get("SeriesDescription", "")),
        ),
        series_key="k",
        parts=[
            Part(
                id="p",
                replica="r",
                state=PartState.SEALED,
                count=len(ordered),
                first_at=NOW,
                last_at=NOW,
                heartbeat=NOW,
                blob=stored_part,
            )
        ],
        destinations=[Destination(name="WS", ae_title="WS", address="127.0.0.1", port=104)],
        package=package,
        jobs=[Job(id="j", nonce="n", created_at=NOW, result=descriptor)],
        result=[result],
    )
    return Processed(house, house.tasks.insert(task), ordered)


def _header(path: Path) -> Dataset:
    return dcmread(path, stop_before_pixels=True)


def _part(folder: Path, files: list[Path]) -> tuple[Path, list[SliceSource]]:
    path = folder / "part.zip"
    writer = PartWriter(path)
    sources = []
    for file in files:
        raw = file.read_bytes()
        meta = file_meta.parse(raw)
        dataset = raw[meta.length :]
        at = writer.append(raw[: meta.length], dataset)
        header = _header(file)
        sources.append(
            SliceSource(
                part=0,
                offset=at.offset,
                size=at.size,
                transfer_syntax_uid=meta.transfer_syntax_uid,
                sop_class_uid=meta.sop_class_uid,
                sop_instance_uid=meta.sop_instance_uid,
                digest=hashlib.sha256(dataset).hexdigest(),
                slope=float(header.RescaleSlope),
            )
        )
    writer.seal()
    writer.close()
    return path, sources


def derived_files(house: House, task: Task, folder: Path, output: int = 0) -> list[Path]:
    """Unpack an output into Part-10 files, in the block's order."""
    import zipfile  # noqa: PLC0415 - any ZIP tool opens a part: this is the proof

    with house.blobs.read(task.outputs[output].blobs[0].key) as stored:
        folder.mkdir(exist_ok=True)
        archive = folder / "output.zip"
        archive.write_bytes(stored.read())
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "output")
    return sorted((folder / "output").iterdir())

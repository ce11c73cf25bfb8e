"""The files of a task: the series as it came, what was made of it, and the package that left."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from petfectior import blob_file
from petfectior.dicom import file_meta, part_file, part_stream
from petfectior.errors import NotFound
from petfectior.ports import BlobStore
from petfectior.task import Blob, Package
from services.api.access.required import Operator, Viewer
from services.api.dependencies import PortsGiven
from services.api.problems import answers

CHUNK: Final = 1 << 20
BLOCKS: Final = {"blosc2": "block.b2frame", "none": "block.raw"}
ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A ZIP.", "content": {"application/zip": {}}}
}

router = APIRouter(prefix="/api/v1/tasks/{task_id}", tags=["files"])


@router.get("/original.zip", response_class=StreamingResponse, responses={**ZIP, **answers(404, 422)})
def download_original(_: Operator, ports: PortsGiven, task_id: str) -> StreamingResponse:
    """Return the DICOM files as they came."""
    task = ports.tasks.get(task_id)
    return _answer(_dicom(ports.blobs, [part.blob for part in task.parts if part.blob]), task.id, "original")


@router.get(
    "/outputs/{output_id}/derived.zip",
    response_class=StreamingResponse,
    responses={**ZIP, **answers(404, 422)},
)
def download_derived(_: Operator, ports: PortsGiven, task_id: str, output_id: str) -> StreamingResponse:
    """Return the DICOM files of one derived series."""
    task = ports.tasks.get(task_id)
    named = [blob for output in task.outputs if output.id == output_id for blob in output.blobs]
    return _answer(_dicom(ports.blobs, named), task.id, "derived")


@router.get("/package.zip", response_class=StreamingResponse, responses={**ZIP, **answers(404, 422)})
def download_package(_: Viewer, ports: PortsGiven, task_id: str) -> StreamingResponse:
    """Return what left: manifest and voxel block, as ``petfectior package show`` reads them."""
    task = ports.tasks.get(task_id)
    if task.package is None:
        raise NotFound("files-missing")
    return _answer(_package(ports.blobs, task.package), task.id, "package")


def _answer(chunks: Iterator[bytes], task_id: str, name: str) -> StreamingResponse:
    first = next(chunks)  # a file that is gone is told now, not in the middle of the answer

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks

    headers = {"Content-Disposition": f'attachment; filename="{task_id[:12]}-{name}.zip"'}
    return StreamingResponse(whole(), media_type="application/zip", headers=headers)


def _dicom(blobs: BlobStore, named: list[Blob]) -> Iterator[bytes]:
    if not named:
        raise NotFound("files-missing")
    if len(named) == 1:
        yield from _bytes(blobs, named[0])
    else:
        yield from part_stream.stream(one for blob in named for one in _instances(blobs, blob))


def _instances(blobs: BlobStore, blob: Blob) -> Iterator[tuple[bytes, bytes]]:
    file = blob_file.opened(blobs, blob)
    places = list(part_file.instances(file))
    for one in places:
        meta = file_meta.encode(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid)
        file.seek(one.offset)
        yield meta, file.read(one.size)


def _package(blobs: BlobStore, package: Package) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", json.dumps(package.manifest, indent=2, sort_keys=True))
        with archive.open(BLOCKS[package.encoding], "w", force_zip64=True) as entry:
            for chunk in _bytes(blobs, package.blob):
                entry.write(chunk)
                yield sink.taken()
    yield sink.taken()


def _bytes(blobs: BlobStore, blob: Blob) -> Iterator[bytes]:
    try:
        with blobs.read(blob.key) as source:
            while chunk := source.read(CHUNK):
                yield chunk
    except NotFound:
        raise NotFound("files-missing") from None


class _Sink(io.RawIOBase):
    """Keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data

"""The source slices of a task, as their sender encoded them."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Final, Self

from petfectior.dicom import header
from petfectior.errors import Permanent
from petfectior.pet import legacy_converted
from petfectior.pet.legacy_converted import Elements
from petfectior.pet.slice_order import SliceSource, read_order
from petfectior.ports import BlobStore
from petfectior.scratch import fetched
from petfectior.task import Blob, Task

CHUNK: Final = 1 << 20


class SourceSlices:
    """Stored parts on scratch files; each dataset is checked against the digest taken when it was packed."""

    def __init__(self, blobs: BlobStore, task: Task, order: Blob) -> None:
        self._blobs = blobs
        self._task = task
        self._stack = ExitStack()
        self._parts: dict[int, BinaryIO] = {}
        self._framed: tuple[tuple[int, int] | None, list[Elements]] = (None, [])
        with fetched(blobs, order) as lines:
            self.order: list[SliceSource] = list(read_order(lines))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def dataset(self, source: SliceSource) -> bytes:
        """Return the encoded dataset of one source slice.

        Of a frame it is what a classic image's would be, without pixels, in Explicit VR Little Endian.

        Raises
        ------
        Permanent
            If it is not the dataset that was packed.
        """
        if source.frame is not None:
            return header.item(self._frames(source)[source.frame - 1])
        file = self._part(source.part)
        file.seek(source.offset)
        data = file.read(source.size)
        if hashlib.sha256(data).hexdigest() != source.digest:
            raise Permanent("source-slice-changed")
        return data

    def _frames(self, source: SliceSource) -> list[Elements]:
        """Return the headers of all frames of an instance; the last instance's are kept."""
        place = (source.part, source.offset)
        if self._framed[0] != place:
            file = self._part(source.part)
            if _digest(file, source.offset, source.size) != source.digest:
                raise Permanent("source-slice-changed")
            syntax = source.transfer_syntax_uid
            head = legacy_converted.read_head(file, source.offset, source.pixel_offset or source.size, syntax)
            self._framed = (place, list(legacy_converted.classic_headers(head, syntax)))
        return self._framed[1]

    def _part(self, index: int) -> BinaryIO:
        if index not in self._parts:
            blob = self._task.parts[index].blob if index < len(self._task.parts) else None
            if blob is None:
                raise Permanent("blob-missing")
            self._parts[index] = self._stack.enter_context(fetched(self._blobs, blob))
        return self._parts[index]


def _digest(file: BinaryIO, offset: int, size: int) -> str:
    digest = hashlib.sha256()
    file.seek(offset)
    while size and (chunk := file.read(min(size, CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()

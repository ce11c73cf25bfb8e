"""The voxels of a series before and after, one plane at a time, read from the blobs where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from petfectior import blob_file
from petfectior.dicom import header, part_file, pixels, tag_walker
from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import NotFound
from petfectior.pet import acquisition, instance, legacy_converted, stored_plane
from petfectior.pet.header_values import Header
from petfectior.pet.instance import InstanceFacts
from petfectior.pet.slice_order import SliceSource, read_order
from petfectior.ports import BlobStore
from petfectior.task import Blob, Kind, Output, Package, Task

Plane = NDArray[np.float32]
SLOPE: Final = 0x00281053


@dataclass(frozen=True)
class Place:
    """Where a derived instance lies: which of the output's blobs, byte offset and size of its dataset."""

    blob: int
    offset: int
    size: int


class Volume:
    """A task's source and one of its outputs, slice by slice in the package's order.

    Parameters
    ----------
    places
        Where the derived instances lie, if that is known already; else their blobs are walked.

    Raises
    ------
    NotFound
        ``images-missing`` if the task was only forwarded, or its blobs are gone.
    """

    def __init__(
        self, blobs: BlobStore, task: Task, output: Output, places: list[Place] | None = None
    ) -> None:
        if task.package is None or task.kind is not Kind.PROCESS or not output.blobs:
            raise NotFound("images-missing")
        self.package: Package = task.package
        self._blobs = blobs
        self._task = task
        self._parts: dict[int, tuple[BinaryIO, dict[int, InstanceFacts]]] = {}
        with blobs.read(self.package.order.key) as lines:
            self.order: list[SliceSource] = list(read_order(lines))
        self._made = [blob_file.opened(blobs, blob) for blob in output.blobs]
        self.places = places or list(_places(self._made))
        if len(self.places) != len(self.order):
            raise NotFound("images-missing")

    def __len__(self) -> int:
        return len(self.order)

    def before(self, index: int) -> Plane:
        """Return the source's values of slice `index`, rescaled: (rows, columns), in its units."""
        source = self.order[index]
        file, facts = self._part(source)
        stored = stored_plane.stored(facts, file)
        return stored.astype(np.float32) * np.float32(source.slope) + np.float32(source.intercept)

    def after(self, index: int) -> Plane:
        """Return the derived series' values of slice `index`, rescaled; its intercept is 0."""
        dataset = self._derived(index)
        slope = tag_walker.read(dataset, EXPLICIT_VR_LITTLE_ENDIAN, frozenset({SLOPE}))[SLOPE]
        stored = pixels.stored_values(dataset, EXPLICIT_VR_LITTLE_ENDIAN)
        return stored.astype(np.float32) * np.float32(slope.decode("ascii"))

    def header_before(self, index: int) -> Header:
        """Return the header of a source slice; a frame's as the classic image that it stands for."""
        source = self.order[index]
        file, facts = self._part(source)
        syntax = source.transfer_syntax_uid
        if source.frame is None:
            return acquisition.parse_header(stored_plane.dataset(facts, file), syntax)
        head = legacy_converted.read_head(file, source.offset, source.pixel_offset or source.size, syntax)
        frames = list(legacy_converted.classic_headers(head, syntax))
        return acquisition.parse_header(header.item(frames[source.frame - 1]), EXPLICIT_VR_LITTLE_ENDIAN)

    def header_after(self, index: int) -> Header:
        """Return the header of a derived slice."""
        return acquisition.parse_header(self._derived(index), EXPLICIT_VR_LITTLE_ENDIAN)

    def facts(self) -> list[InstanceFacts]:
        """Return the facts of every source slice, in order."""
        return [self._part(source)[1] for source in self.order]

    def _derived(self, index: int) -> bytes:
        place = self.places[index]
        file = self._made[place.blob]
        file.seek(place.offset)
        return file.read(place.size)

    def _part(self, source: SliceSource) -> tuple[BinaryIO, InstanceFacts]:
        if source.part not in self._parts:
            part = self._task.parts[source.part]
            self._parts[source.part] = self._opened(part.blob, part.index)
        file, facts = self._parts[source.part]
        return file, facts[source.offset].model_copy(update={"frame": source.frame})

    def _opened(self, blob: Blob | None, index: Blob | None) -> tuple[BinaryIO, dict[int, InstanceFacts]]:
        if blob is None or index is None:
            raise NotFound("images-missing")
        with self._blobs.read(index.key) as lines:
            facts = {one.offset: one for one in instance.read_index(lines)}
        return blob_file.opened(self._blobs, blob), facts


def _places(files: list[BinaryIO]) -> list[Place]:
    return [
        Place(number, one.offset, one.size)
        for number, file in enumerate(files)
        for one in part_file.instances(file)
    ]

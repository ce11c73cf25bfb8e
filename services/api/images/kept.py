"""Projections that were made once: in memory for the last few series, and as a blob for a day.

No task names the blob, so the sweep removes it after a day, and a task's end at once.
"""

from __future__ import annotations

import io
import json
import threading
from collections import OrderedDict
from typing import Final

import numpy as np

from petfectior.errors import NotFound
from petfectior.ports import BlobStore
from petfectior.task import Output, Task
from services.api.images.projection import Kind, Projections, View, project
from services.api.images.volume import Place, Volume

LARGEST: Final = 64 << 20
IN_MEMORY: Final = 6


class ProjectionStore:
    """Makes one series' projections at a time; who asks for others meanwhile waits."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._last: OrderedDict[str, Projections] = OrderedDict()
        self._turn = threading.Lock()

    def get(self, task: Task, output: Output) -> Projections:
        """Return the projections of an output and its source. Raises `NotFound`."""
        if not output.blobs:
            raise NotFound("images-missing")
        key = f"{task.id}/images/{output.blobs[0].sha256[:32]}.npz"
        with self._turn:
            found = self._last.pop(key, None) or self._stored(key) or self._made(key, task, output)
            self._last[key] = found
            while len(self._last) > IN_MEMORY:
                self._last.popitem(last=False)
        return found

    def _stored(self, key: str) -> Projections | None:
        try:
            with self._blobs.read(key) as file:
                return _decoded(file.read(LARGEST))
        except NotFound:
            return None

    def _made(self, key: str, task: Task, output: Output) -> Projections:
        made = project(Volume(self._blobs, task, output))
        self._blobs.put(key, [_encoded(made)])
        return made


def _encoded(made: Projections) -> bytes:
    told = {"spacing": made.spacing, "units": made.units, "factor": made.factor, "code": made.code}
    places = np.array([[one.blob, one.offset, one.size] for one in made.places], np.int64)
    images = {f"{view}_{kind}": image for (view, kind), image in made.images.items()}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, told=np.array(json.dumps(told)), places=places, **images)
    return file.getvalue()


def _decoded(data: bytes) -> Projections:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        told = json.loads(str(file["told"]))
        return Projections(
            images={(view, kind): file[f"{view}_{kind}"] for view in View for kind in Kind},
            places=[Place(*map(int, one)) for one in file["places"]],
            spacing=tuple(told["spacing"]),
            units=told["units"],
            factor=told["factor"],
            code=told["code"],
        )

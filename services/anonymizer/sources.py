"""The parts of a task as files and facts; fetched to scratch and checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from petfectior.errors import Permanent
from petfectior.pet.instance import read_index
from petfectior.pet.source_series import Image
from petfectior.ports import BlobStore
from petfectior.scratch import fetched
from petfectior.task import Part


@dataclass(frozen=True)
class Sources:
    """All instances of a task, copies included, in order of acknowledgement; and the parts' files."""

    images: list[Image]
    files: list[BinaryIO]


@contextmanager
def opened(blobs: BlobStore, parts: list[Part]) -> Iterator[Sources]:
    """Fetch every part and its index; the scratch files are gone afterwards.

    Raises
    ------
    Permanent
        ``blob-missing``, ``blob-damaged``, or ``part-not-stored`` for a part that is still open.
    """
    with ExitStack() as stack:
        images: list[Image] = []
        files: list[BinaryIO] = []
        for number, part in enumerate(parts):
            if part.blob is None or part.index is None:
                raise Permanent("part-not-stored")
            files.append(stack.enter_context(fetched(blobs, part.blob)))
            index = stack.enter_context(fetched(blobs, part.index))
            images += [Image(number, facts) for facts in read_index(index)]
        yield Sources(_by_arrival(images, parts), files)


def _by_arrival(images: list[Image], parts: list[Part]) -> list[Image]:
    """Sort by the parts' first instance; within a part they are in order already."""
    return sorted(images, key=lambda image: (parts[image.part].first_at, image.part))

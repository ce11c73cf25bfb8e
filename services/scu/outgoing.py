"""The instances of a task's outputs, in an order that never changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from petfectior.dicom.part_file import StoredInstance, instances
from petfectior.dicom.store_scu import OutgoingInstance
from petfectior.ports import BlobStore
from petfectior.scratch import fetched
from petfectior.task import Output


@dataclass(frozen=True)
class Outgoing(OutgoingInstance):
    """An instance, and its place among those of its output."""

    output_id: str
    index: int


@contextmanager
def outgoing(blobs: BlobStore, outputs: Iterable[Output]) -> Iterator[list[Outgoing]]:
    """Fetch the parts of all outputs to scratch files and yield their instances, of copies the first.

    Raises
    ------
    Permanent
        If a blob is missing or damaged.
    """
    with ExitStack() as stack:
        found: list[Outgoing] = []
        for output in outputs:
            seen: set[str] = set()
            for blob in output.blobs:
                file = stack.enter_context(fetched(blobs, blob))
                for stored in instances(file):
                    if stored.sop_instance_uid not in seen:
                        found.append(_outgoing(file, stored, output.id, len(seen)))
                        seen.add(stored.sop_instance_uid)
        yield found


def _outgoing(file: BinaryIO, stored: StoredInstance, output_id: str, index: int) -> Outgoing:
    def read() -> bytes:
        file.seek(stored.offset)
        return file.read(stored.size)

    return Outgoing(
        sop_class_uid=stored.sop_class_uid,
        sop_instance_uid=stored.sop_instance_uid,
        transfer_syntax_uid=stored.transfer_syntax_uid,
        read=read,
        output_id=output_id,
        index=index,
    )

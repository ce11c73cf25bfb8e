"""Series as the scp would leave them: a part in the blob store, its index, and a task that names both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from petfectior.dicom import file_meta, tag_walker
from petfectior.dicom.part_file import PartWriter
from petfectior.pet.instance import WANTED, InstanceFacts, facts, write_index
from petfectior.ports import BlobStore
from petfectior.task import Part, PartState

Encoded = tuple[str, str, str, bytes]
"""SOP Class UID, SOP Instance UID, Transfer Syntax UID, dataset."""


def from_folder(folder: Path) -> Iterator[Encoded]:
    """Yield the datasets of a folder of Part-10 files, in order of name."""
    for path in sorted(folder.iterdir()):
        yield from_file(path)


def from_file(path: Path) -> Encoded:
    """Return one Part-10 file's dataset, byte for byte."""
    with path.open("rb") as file:
        meta = file_meta.parse(file)
        return meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid, file.read()


def index_of(writer: PartWriter, datasets: Iterable[Encoded]) -> list[InstanceFacts]:
    """Append datasets to a part and return their facts."""
    found = []
    for sop_class, uid, syntax, dataset in datasets:
        at = writer.append(file_meta.encode(sop_class, uid, syntax), dataset)
        header, pixels = tag_walker.read_and_locate(dataset, syntax, WANTED)
        found.append(
            facts(
                header,
                sop_class_uid=sop_class,
                sop_instance_uid=uid,
                transfer_syntax_uid=syntax,
                digest=hashlib.sha256(dataset).hexdigest(),
                offset=at.offset,
                size=at.size,
                pixels=pixels,
            )
        )
    return found


def stored(blobs: BlobStore, folder: Path, datasets: Iterable[Encoded], first_at: float = 1.0) -> Part:
    """Store datasets as one sealed part."""
    path = folder / f"{uuid4().hex}.zip"
    writer = PartWriter(path)
    found = index_of(writer, datasets)
    writer.seal()
    writer.close()
    identity = uuid4().hex
    return Part(
        id=identity,
        replica="test",
        state=PartState.SEALED,
        count=len(found),
        first_at=first_at,
        last_at=first_at,
        heartbeat=first_at,
        blob=blobs.put(f"parts/{identity}", [path.read_bytes()]),
        index=blobs.put(f"parts/{identity}-index", write_index(found)),
    )


def known_facts(path: Path) -> InstanceFacts:
    """Return the facts of a Part-10 file that is in no part."""
    sop_class, uid, syntax, dataset = from_file(path)
    return facts(
        tag_walker.read(dataset, syntax, WANTED),
        sop_class_uid=sop_class,
        sop_instance_uid=uid,
        transfer_syntax_uid=syntax,
        digest=hashlib.sha256(dataset).hexdigest(),
        offset=0,
        size=len(dataset),
    )

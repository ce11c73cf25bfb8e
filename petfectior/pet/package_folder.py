"""A package as a folder: what a gateway would send of a series, made and read without one.

``manifest.json`` is the manifest, ``block.b2frame`` (or ``block.raw`` for encoding ``none``) the voxel block:
see docs/reference/manifest.md.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from pydantic import ValidationError

from petfectior.dicom import file_meta, tag_walker
from petfectior.errors import Permanent, Rejected
from petfectior.pet import instance, packing, preparation, scanners, tracers, voxel_block
from petfectior.pet.instance import InstanceFacts
from petfectior.pet.manifest import Manifest, Person
from petfectior.pet.source_series import Image
from petfectior.pet.voxel_block import Encoding, Slice

MANIFEST: Final = "manifest.json"
BLOCKS: Final[dict[str, str]] = {"blosc2": "block.b2frame", "none": "block.raw"}
"""Encoding → name of the block's file."""
PREAMBLE: Final = 128
PREFIX: Final = b"DICM"


@dataclass(frozen=True)
class PackageFolder:
    """A package on disk.

    Parameters
    ----------
    manifest
        Checked against the published schema.
    block
        The voxel block's file; not yet looked at.
    """

    manifest: Manifest
    block: Path

    def slices(self) -> Iterator[Slice]:
        """Yield the stored values of each slice, 2-D, in C order.

        Raises
        ------
        Quarantined
            If the block is not what the manifest says.
        """
        told = self.manifest.Block
        yield from voxel_block.read(self.block, tuple(told.Shape), told.DataType, told.Encoding)

    def values(self) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        """Yield the values of each slice in `Manifest.Units`, 2-D, in C order."""
        for stored, slope in zip(self.slices(), self.manifest.Block.RescaleSlope, strict=True):
            yield stored.astype(np.float64) * slope


def write(
    source: Path,
    target: Path,
    *,
    needs: Iterable[str] = (),
    default_tracer: str = "",
    encoding: Encoding = "blosc2",
) -> PackageFolder:
    """Make the package of the one PET series below a folder.

    Parameters
    ----------
    source
        Folder of Part-10 files; other files are passed over.
    target
        Folder to write; made if it is not there.
    needs
        Fields of `Person` that the model needs; no other leaves.
    default_tracer
        Name for a tracer that the header does not state.

    Raises
    ------
    Rejected
        With the code of the first rule that the series does not meet.
    """
    with tempfile.TemporaryFile(prefix="petfectior-") as spool:
        images = [Image(0, facts) for facts in _spooled(source, spool)]
        if not images:
            raise Rejected("folder-without-series")
        prepared = preparation.prepare(
            images, [spool], tracers.SEED, default_tracer=default_tracer, encoding=encoding
        )
        told = prepared.acquisition
        maker = scanners.maker(told.manufacturer)
        described = prepared.manifest((maker, scanners.model(maker, told.model)))
        target.mkdir(parents=True, exist_ok=True)
        packing.write(target / BLOCKS[encoding], prepared.stack, prepared.plan, [spool], lambda: None)
    made = described.model_copy(update={"Subject": _only(described.Subject, needs)})
    (target / MANIFEST).write_bytes(made.encode() + b"\n")
    return PackageFolder(made, target / BLOCKS[encoding])


def read(path: Path) -> PackageFolder:
    """Open a package by its folder or by its manifest.

    Raises
    ------
    Permanent
        ``package-unreadable`` if there is no manifest, or one that the schema does not allow.
    """
    file = path / MANIFEST if path.is_dir() else path
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise Permanent("package-unreadable") from error
    block = file.parent / BLOCKS[manifest.Block.Encoding]
    if not block.is_file():
        raise Permanent("package-unreadable")
    return PackageFolder(manifest, block)


def _only(person: Person | None, needs: Iterable[str]) -> Person | None:
    wanted = set(needs)
    told = person.model_dump(exclude_none=True, include=wanted) if person else {}
    return Person.model_validate(told) if told else None


def _spooled(source: Path, spool: BinaryIO) -> Iterator[InstanceFacts]:
    """Copy the datasets of a folder one behind the other; yield their facts."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and _is_part_10(path):
            yield _stored(path, spool)


def _is_part_10(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(PREAMBLE + len(PREFIX))[PREAMBLE:] == PREFIX


def _stored(path: Path, spool: BinaryIO) -> InstanceFacts:
    with path.open("rb") as file:
        meta = file_meta.parse(file)
        dataset = file.read()
    header, pixels = tag_walker.read_and_locate(dataset, meta.transfer_syntax_uid, instance.WANTED)
    offset = spool.seek(0, 2)
    spool.write(dataset)
    return instance.facts(
        header,
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        digest=hashlib.sha256(dataset).hexdigest(),
        offset=offset,
        size=len(dataset),
        pixels=pixels,
    )

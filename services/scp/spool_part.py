"""One part in the spool: a ZIP that grows on disk, and what is known of it in memory."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from petfectior.dicom import file_meta, part_file, tag_walker
from petfectior.pet import instance
from petfectior.pet.instance import InstanceFacts
from petfectior.task import Source

SHOWN: Final[dict[str, int]] = {
    "sop_class_uid": 0x00080016,
    "study_uid": 0x0020000D,
    "series_uid": 0x0020000E,
    "modality": 0x00080060,
    "patient_name": 0x00100010,
    "patient_id": 0x00100020,
    "accession_number": 0x00080050,
    "study_date": 0x00080020,
    "study_description": 0x00081030,
    "series_description": 0x0008103E,
    "series_number": 0x00200011,
    "manufacturer": 0x00080070,
    "model": 0x00081090,
}
"""Field of `petfectior.task.Series` → the tag it shows."""

SOP_INSTANCE_UID: Final = 0x00080018
SPECIFIC_CHARACTER_SET: Final = 0x00080005
CONTRIBUTING_EQUIPMENT: Final = 0x0018A001

READ: Final = (
    instance.WANTED
    | frozenset(SHOWN.values())
    | {SOP_INSTANCE_UID, SPECIFIC_CHARACTER_SET, CONTRIBUTING_EQUIPMENT}
)
"""Top-level tags that are read of each instance."""


class Origin(BaseModel):
    """Who sent a part and to which series it belongs; kept beside the part on disk."""

    model_config = ConfigDict(frozen=True)

    part_id: str
    source: Source
    series_key: str
    created_at: float


@dataclass(frozen=True)
class Arrival:
    """One instance as it came.

    Parameters
    ----------
    header
        The raw values of `READ`.
    dataset
        The encoded dataset; SHA-256 of it, hexadecimal.
    pixels
        Where the value of PixelData lies in it.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    header: dict[int, bytes]
    dataset: part_file.Content
    digest: str
    pixels: tuple[int, int] | None = None


class SpoolPart:
    """A part that is not yet in the blob store. `append` and `seal` may race from two threads.

    Attributes
    ----------
    facts
        One entry per instance, in order of arrival.
    first
        Raw values of the first instance.
    finished
        True once no more instances are wanted: the association is over, or the series complete.
    """

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.origin = origin
        self.path = folder / f"{origin.part_id}.zip"
        self.beside = folder / f"{origin.part_id}.json"
        self.facts: list[InstanceFacts] = []
        self.first: dict[int, bytes] = {}
        self.first_at = self.last_at = origin.created_at
        self.finished = False
        self.sealed = False
        self._lock = threading.Lock()
        self._writer: part_file.PartWriter | None = None

    @property
    def id(self) -> str:
        """Random name of the part."""
        return self.origin.part_id

    @property
    def count(self) -> int:
        """Instances in the part, copies included."""
        return len(self.facts)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._writer.end if self._writer else 0

    def create(self) -> None:
        """Make the files, durably. Raises OSError."""
        with self.beside.open("xb") as file:
            file.write(self.origin.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        self._writer = part_file.PartWriter(self.path)

    def adopt(self) -> None:
        """Take up what a replica that is gone had acknowledged."""
        if not self.path.exists():
            return
        self._writer = part_file.recover(self.path)
        self.seal()
        self.last_at = self.path.stat().st_mtime
        with self.path.open("rb") as file:
            for stored in list(part_file.instances(file)):
                file.seek(stored.offset)
                dataset = file.read(stored.size)
                header, pixels = tag_walker.read_and_locate(dataset, stored.transfer_syntax_uid, READ)
                arrival = Arrival(
                    stored.sop_class_uid,
                    stored.sop_instance_uid,
                    stored.transfer_syntax_uid,
                    header,
                    dataset,
                    hashlib.sha256(dataset).hexdigest(),
                    pixels,
                )
                self._know(arrival, part_file.StoredAt(stored.offset, stored.size))
        self.finished = True

    def append(self, arrival: Arrival) -> bool:
        """Keep one instance; it is durable when this returns.

        Returns
        -------
        bool
            False if the part takes no more instances.

        Raises
        ------
        OSError
            If it could not be made durable. It must not be acknowledged.
        """
        meta = file_meta.encode(arrival.sop_class_uid, arrival.sop_instance_uid, arrival.transfer_syntax_uid)
        with self._lock:
            if self.finished or self._writer is None:
                return False
            stored = self._writer.append(meta, arrival.dataset)
            try:
                self._writer.sync()
            except OSError:
                # After a failed sync the kernel forgets what is not on disk: write nothing behind it.
                self.finished = True
                raise
            self._know(arrival, stored)
            self.last_at = time.time()
        return True

    def finish(self) -> None:
        """Take no more instances."""
        with self._lock:
            self.finished = True

    def seal(self) -> None:
        """Finish the ZIP; calling it again does nothing. Raises OSError."""
        with self._lock:
            self.finished = True
            if self.sealed or self._writer is None:
                return
            self._writer.seal()
            self._writer.close()
            self.sealed = True

    def remove(self) -> None:
        """Delete the files: the part is in the blob store, or holds nothing."""
        with self._lock:
            self.finished = True
            if self._writer is not None:
                self._writer.close()
        self.path.unlink(missing_ok=True)
        self.beside.unlink(missing_ok=True)

    def _know(self, arrival: Arrival, stored: part_file.StoredAt) -> None:
        fact = instance.facts(
            arrival.header,
            sop_class_uid=arrival.sop_class_uid,
            sop_instance_uid=arrival.sop_instance_uid,
            transfer_syntax_uid=arrival.transfer_syntax_uid,
            digest=arrival.digest,
            offset=stored.offset,
            size=stored.size,
            pixels=arrival.pixels,
        )
        self.first = self.first or arrival.header
        self.facts.append(fact)

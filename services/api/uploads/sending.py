"""Hands the instances of a ZIP to our own DICOM node by C-STORE: what follows is as for any sender."""

from __future__ import annotations

import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from petfectior.dicom import file_meta, store_scu
from petfectior.dicom.store_scu import (
    SOP_CLASS_NOT_SUPPORTED,
    AssociationAborted,
    ContextsRefused,
    OutgoingInstance,
    ResponseMissing,
)
from petfectior.dicom.tag_walker import MalformedDataset
from petfectior.reasons import Reason
from petfectior.settings import Settings
from petfectior.task import Destination
from services.api.uploads import archive

CALLING_AE_TITLE: Final = "UPLOAD"
DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage: a DICOMDIR."""
AT_ONCE: Final = 2
BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What reading an entry of a damaged ZIP raises."""
_WARNINGS: Final = range(0xB000, 0xC000)
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Candidate(OutgoingInstance):
    """An instance in its ZIP."""

    name: str


def send(file: BinaryIO, settings: Settings) -> dict[str, Reason]:
    """Send every instance of a ZIP; return what became of each file, by its name.

    Raises
    ------
    Rejected
        If it is no ZIP that we take.
    Transient
        If our node cannot be reached: nothing was sent.
    """
    with _turns, archive.opened(file) as opened:
        verdicts: dict[str, Reason] = {}
        heads: dict[str, tuple[zipfile.ZipInfo, file_meta.FileMeta]] = {}
        for one in archive.files(opened):
            told = _looked_at(opened, one)
            if isinstance(told, Reason):
                verdicts[one.filename] = told
            else:
                heads[one.filename] = (one, told)
        if heads:
            _send(opened, heads, verdicts, settings)
        return verdicts


def _looked_at(opened: zipfile.ZipFile, one: zipfile.ZipInfo) -> file_meta.FileMeta | Reason:
    if code := archive.fault(one):
        return Reason(code=code)
    try:
        with opened.open(one) as entry:
            meta = file_meta.parse(entry)  # type: ignore[arg-type]  # it only reads
    except MalformedDataset:
        return Reason(code="upload-not-dicom")
    except BROKEN:
        return Reason(code="upload-damaged")
    return Reason(code="upload-directory") if meta.sop_class_uid == DIRECTORY else meta


def _send(
    opened: zipfile.ZipFile,
    heads: dict[str, tuple[zipfile.ZipInfo, file_meta.FileMeta]],
    verdicts: dict[str, Reason],
    settings: Settings,
) -> None:
    node = Destination(
        name="scp", ae_title=settings.ae_title, address=settings.scp_address, port=settings.dicom_port
    )
    offers = {(meta.sop_class_uid, meta.transfer_syntax_uid) for _, meta in heads.values()}

    def note(instance: Candidate, status: int | None) -> None:
        verdicts[instance.name] = _verdict(status)

    try:
        with store_scu.associate(node, CALLING_AE_TITLE, offers) as association:
            association.send(_candidates(opened, heads, verdicts), note)
    except ContextsRefused:
        verdicts |= dict.fromkeys(heads, Reason(code="upload-not-accepted"))
    except (AssociationAborted, ResponseMissing):
        pass  # whatever has no verdict is unknown
    for name in heads:
        verdicts.setdefault(name, Reason(code="upload-unknown"))


def _candidates(
    opened: zipfile.ZipFile,
    heads: dict[str, tuple[zipfile.ZipInfo, file_meta.FileMeta]],
    verdicts: dict[str, Reason],
) -> Iterator[Candidate]:
    for name, (one, meta) in heads.items():
        try:
            with opened.open(one) as entry:
                entry.read(meta.length)
                dataset = entry.read()
        except BROKEN:
            verdicts[name] = Reason(code="upload-damaged")
            continue
        yield Candidate(
            sop_class_uid=meta.sop_class_uid,
            sop_instance_uid=meta.sop_instance_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            read=lambda dataset=dataset: dataset,  # type: ignore[misc]  # one is in memory at a time
            name=name,
        )


def _verdict(status: int | None) -> Reason:
    if status is None:
        return Reason(code="upload-unknown")
    if status == 0 or status in _WARNINGS:
        return Reason(code="upload-stored")
    if status == SOP_CLASS_NOT_SUPPORTED:
        return Reason(code="upload-not-accepted")
    return Reason(code="upload-refused", params={"status": f"{status:04X}H"})

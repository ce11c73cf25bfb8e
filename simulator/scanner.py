"""The scanner: sends the phantom, or a folder of DICOM files, by C-STORE and prints what it was answered.

::

    python -m simulator.scanner --to PETFECTIOR@127.0.0.1:11115 [--series DIR] [--size 299x200]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Annotated, Final

import typer
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset, read_file_meta_info
from pydicom.filewriter import write_dataset
from pydicom.uid import UID
from rich.console import Console
from rich.progress import Progress

from petfectior.cli_errors import explained
from petfectior.dicom.store_scu import OutgoingInstance, associate
from petfectior.errors import PetfectiorError
from petfectior.task import Destination
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries

HEAD: Final = 128 + 4 + 12
"""Preamble, prefix and FileMetaInformationGroupLength (PS3.10 7.1)."""
SUCCESS: Final = 0x0000
WARNINGS: Final = range(0xB000, 0xC000)


@dataclass(frozen=True)
class Source:
    """What the scanner has to send, in its order."""

    instances: list[OutgoingInstance]
    unreadable: int = 0

    def datasets(self) -> Iterator[Dataset]:
        """Yield the instances decoded, each with the transfer syntax in its file meta."""
        for instance in self.instances:
            syntax = UID(instance.transfer_syntax_uid)
            content = BytesIO(instance.read())
            dataset: Dataset = read_dataset(content, syntax.is_implicit_VR, syntax.is_little_endian)
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = syntax
            yield dataset


@dataclass
class Sent:
    """What came of sending."""

    total: int
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Instances that the peer took, with or without a warning."""
        numbers = {text: int(text, 16) for text in self.statuses if text != "none"}
        return sum(
            self.statuses[text] for text, number in numbers.items() if number == SUCCESS or number in WARNINGS
        )


def phantom(slices: int = 299, matrix: int = 200, seed: int = 1, *, implicit: bool = False) -> Source:
    """Return the phantom of so many slices of `matrix` pixels squared."""
    series = PhantomSeries(Phantom(slices, matrix, matrix, seed), implicit=implicit)
    return Source([_outgoing(instance) for instance in series.instances()])


def folder(path: Path) -> Source:
    """Return the DICOM files below a folder, by name; what is no Part-10 file is counted."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    found = [one for one in map(_from_file, files) if one is not None]
    return Source(found, len(files) - len(found))


def send(
    source: Source,
    to: str,
    *,
    calling: str = "SCANNER",
    told: Callable[[int], None] = lambda _count: None,
) -> Sent:
    """Send everything over one association.

    Parameters
    ----------
    to
        The peer, as ``AET@host:port``.
    told
        Called with the number of answers so far.

    Raises
    ------
    ValueError
        If `to` is no such address.
    petfectior.errors.PetfectiorError
        If the association fails.
    """
    sent = Sent(len(source.instances))

    def on_result(_instance: OutgoingInstance, status: int | None) -> None:
        sent.statuses["none" if status is None else f"{status:04X}"] += 1
        told(sent.statuses.total())

    offers = {(one.sop_class_uid, one.transfer_syntax_uid) for one in source.instances}
    with associate(address(to), calling, offers) as association:
        association.send(source.instances, on_result)
    return sent


def address(text: str) -> Destination:
    """Read ``AET@host:port``. Raises ValueError."""
    title, at, rest = text.partition("@")
    host, colon, port = rest.rpartition(":")
    if not (title and at and host and colon and port.isdigit()):
        raise ValueError("an address is AET@host:port")
    return Destination(name="", ae_title=title, address=host, port=int(port))


def _outgoing(instance: Dataset) -> OutgoingInstance:
    syntax = UID(instance.file_meta.TransferSyntaxUID)
    buffer = DicomBytesIO()
    buffer.is_little_endian = syntax.is_little_endian
    buffer.is_implicit_VR = syntax.is_implicit_VR
    write_dataset(buffer, instance)
    content = buffer.getvalue()
    return OutgoingInstance(
        str(instance.SOPClassUID), str(instance.SOPInstanceUID), str(syntax), lambda: content
    )


def _from_file(path: Path) -> OutgoingInstance | None:
    try:
        meta = read_file_meta_info(path)
        offset = HEAD + int(meta.FileMetaInformationGroupLength)
        head = dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        sop_class, instance = str(head.SOPClassUID), str(head.SOPInstanceUID)
        syntax = str(meta.TransferSyntaxUID)
    except (InvalidDicomError, AttributeError, OSError, ValueError, EOFError):
        return None
    return OutgoingInstance(sop_class, instance, syntax, lambda: path.read_bytes()[offset:])


def main(
    to: Annotated[str, typer.Option(help="AET@host:port")],
    series: Annotated[Path | None, typer.Option(help="folder to send instead of the phantom")] = None,
    size: Annotated[str, typer.Option(help="slices x matrix of the phantom")] = "299x200",
    seed: int = 1,
    calling: Annotated[str, typer.Option(help="our AE title")] = "SCANNER",
) -> None:
    """Send a series and print, as JSON, how many instances were sent and the statuses that came back."""
    slices, _, matrix = size.partition("x")
    source = folder(series) if series else phantom(int(slices), int(matrix), seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Sending", total=len(source.instances))
        try:
            sent = send(source, to, calling=calling, told=lambda count: progress.update(bar, completed=count))
        except (PetfectiorError, ValueError) as error:
            typer.echo(f"Nothing more was sent. {explained(error)}", err=True)
            raise typer.Exit(2) from error
    answer = {"sent": sent.total, "accepted": sent.accepted, "unreadable": source.unreadable}
    sys.stdout.write(json.dumps(answer | {"statuses": dict(sent.statuses)}) + "\n")
    raise typer.Exit(0 if sent.accepted == sent.total else 1)


if __name__ == "__main__":
    typer.run(main)

"""A part made on the way to its store: the bytes that `petfectior.dicom.part_file.PartWriter` would write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zlib import crc32

from petfectior.dicom.zip_records import Entry, central_header, end_of_directory, local_header


def stream(instances: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of a sealed part; memory holds one instance.

    Parameters
    ----------
    instances
        Head of the file, as `petfectior.dicom.file_meta.encode` returns it, and dataset of each.
    """
    entries: list[Entry] = []
    end = 0
    for meta, dataset in instances:
        entry = Entry(offset=end, size=len(meta) + len(dataset), crc=crc32(dataset, crc32(meta)))
        entries.append(entry)
        head = local_header(entry, len(entries)) + meta
        yield head
        yield dataset
        end += len(head) + len(dataset)
    directory = b"".join(central_header(entry, number) for number, entry in enumerate(entries, 1))
    yield directory + end_of_directory(len(entries), len(directory), end)

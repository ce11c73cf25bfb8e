"""The part: an append-only, stored ZIP of DICOM files that a crash leaves readable.

Python's zipfile writes its directory only at the end and cannot take up a torn file; here each entry is
whole once `PartWriter.sync` has returned, and `recover` finds every one of them without the directory.
Entries are named by their number, never by a DICOM value.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

from petfectior.dicom import file_meta
from petfectior.dicom.tag_walker import Encoded
from petfectior.dicom.zip_records import (
    CENTRAL_SIGNATURE,
    END_SIGNATURE,
    LARGEST32,
    LOCAL_LENGTH,
    LOCAL_SIGNATURE,
    Entry,
    central_header,
    end_of_directory,
    local_header,
    parse_local,
)
from petfectior.errors import Permanent

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredAt:
    """Where a dataset lies in its part: absolute byte offset and size."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One instance of a part; offset and size are those of the dataset behind its file meta."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class InFile:
    """A dataset that lies in an open file, from its beginning; `size` bytes of it."""

    descriptor: int
    size: int

    def copy_to(self, descriptor: int) -> None:
        """Append it to another file, within the kernel. Raises OSError."""
        copied = 0
        while copied < self.size:
            count = os.sendfile(descriptor, self.descriptor, copied, self.size - copied)
            if not count:
                raise OSError(errno.EIO, "the file is shorter than it was")
            copied += count


@dataclass(frozen=True, slots=True)
class Checked:
    """A dataset whose checksum is known: CRC-32 of file meta and dataset."""

    data: Encoded | InFile
    crc: int

    @property
    def size(self) -> int:
        """Bytes of the dataset."""
        return self.data.size if isinstance(self.data, InFile) else len(self.data)


Content = bytes | Checked


class PartWriter:
    """Appends instances to a new part; not for several threads at once.

    Parameters
    ----------
    path
        A file that does not exist yet; its folder entry is durable when this returns.
    recovered
        What `recover` found in a file that does exist.

    Raises
    ------
    FileExistsError
        If there is such a file and nothing was recovered from it.
    """

    def __init__(self, path: Path, recovered: Sequence[Entry] | None = None) -> None:
        self.path = path
        self.end = _end_of(recovered) if recovered else 0
        self._entries = list(recovered or ())
        flags = os.O_RDWR | os.O_CLOEXEC
        if recovered is None:
            flags |= os.O_CREAT | os.O_EXCL
        self._descriptor = os.open(path, flags, 0o600)
        if recovered is None:
            fsync_folder(path.parent)
        else:
            self._cut()
            os.fsync(self._descriptor)

    @property
    def count(self) -> int:
        """Number of instances in the part."""
        return len(self._entries)

    def append(self, meta: bytes, dataset: Content) -> StoredAt:
        """Write one instance; durable only after `sync`.

        Parameters
        ----------
        meta
            Head of the file, as `petfectior.dicom.file_meta.encode` returns it.
        dataset
            The dataset, byte for byte as it came.

        Raises
        ------
        OSError
            If it was not written, because the disk is full for instance; the part is as it was before.
        ValueError
            If the instance is larger than 4 GiB.
        """
        content = dataset if isinstance(dataset, Checked) else Checked(dataset, crc32(dataset, crc32(meta)))
        size = len(meta) + content.size
        if size >= LARGEST32:
            raise ValueError("an instance of a part is smaller than 4 GiB")
        entry = Entry(offset=self.end, size=size, crc=content.crc)
        head = local_header(entry, self.count + 1)
        self._write(head, meta, content.data)
        self._entries.append(entry)
        self.end += len(head) + size
        return StoredAt(offset=self.end - content.size, size=content.size)

    def sync(self) -> None:
        """Make all that was appended durable."""
        os.fdatasync(self._descriptor)

    def seal(self) -> None:
        """Write the ZIP directory and make the whole file durable; nothing is appended afterwards."""
        directory = b"".join(central_header(entry, n) for n, entry in enumerate(self._entries, 1))
        self._write(directory + end_of_directory(len(self._entries), len(directory), self.end))
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, *pieces: Encoded | InFile) -> None:
        left = [memoryview(piece) for piece in pieces if not isinstance(piece, InFile)]
        try:
            while left:
                written = os.writev(self._descriptor, left)
                while left and written >= len(left[0]):
                    written -= len(left.pop(0))
                if written:
                    left[0] = left[0][written:]
            for piece in pieces:
                if isinstance(piece, InFile):
                    piece.copy_to(self._descriptor)
        except OSError:
            self._cut()
            raise

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self.end)
        os.lseek(self._descriptor, self.end, os.SEEK_SET)


def recover(path: Path) -> PartWriter:
    """Take up a part whose writer is gone: every whole entry is kept, a torn tail is cut off.

    The directory of a sealed part is cut off too, so that the part can be sealed again.
    """
    with path.open("rb") as file:
        entries = list(_whole_entries(file))
    return PartWriter(path, recovered=entries)


def instances(file: BinaryIO) -> Iterator[StoredInstance]:
    """Yield the instances of a sealed part in order of arrival, reading forward only.

    Parameters
    ----------
    file
        The part from its first byte; need not be seekable.

    Raises
    ------
    Permanent
        If the file is no part, or ends before its directory.
    """
    position, number = 0, 0
    while (head := file.read(LOCAL_LENGTH))[:4] == LOCAL_SIGNATURE:
        number += 1
        entry = parse_local(head, position, number)
        if entry is None:
            raise Permanent("part-damaged", position=position)
        meta = file_meta.parse(file)
        position += len(head) + entry.size
        size = entry.size - meta.length
        yield StoredInstance(
            sop_class_uid=meta.sop_class_uid,
            sop_instance_uid=meta.sop_instance_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            offset=position - size,
            size=size,
        )
        _skip(file, size, position)
    if head[:4] not in {CENTRAL_SIGNATURE, END_SIGNATURE}:
        raise Permanent("part-damaged", position=position)


def fsync_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end_of(entries: Sequence[Entry]) -> int:
    return entries[-1].offset + LOCAL_LENGTH + entries[-1].size


def _whole_entries(file: BinaryIO) -> Iterator[Entry]:
    """Yield entries from the beginning until the first whose bytes are not all there."""
    position, number = 0, 1
    while entry := parse_local(file.read(LOCAL_LENGTH), position, number):
        crc, left = 0, entry.size
        while left and (chunk := file.read(min(left, _CHUNK))):
            crc = crc32(chunk, crc)
            left -= len(chunk)
        if left or crc != entry.crc:
            return
        yield entry
        position = file.tell()
        number += 1


def _skip(file: BinaryIO, size: int, to: int) -> None:
    if file.seekable():
        file.seek(size, os.SEEK_CUR)
        return
    while size and (chunk := file.read(min(size, _CHUNK))):
        size -= len(chunk)
    if size:
        raise Permanent("part-damaged", position=to)

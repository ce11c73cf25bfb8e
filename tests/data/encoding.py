"""Writes instances in any transfer syntax that a sender may use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import gdcm  # type: ignore[import-untyped]
import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

COMPRESSED = {
    RLELossless: gdcm.TransferSyntax.RLELossless,
    JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    JPEG2000Lossless: gdcm.TransferSyntax.JPEG2000Lossless,
}


def write(instances: Iterable[Dataset], folder: Path, syntax: UID) -> list[Path]:
    """Write one Part-10 file per instance; return their paths in the same order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, one in enumerate(instances):
        path = folder / f"{number:05d}.dcm"
        _write(one, path, syntax)
        paths.append(path)
    return paths


def _write(one: Dataset, path: Path, syntax: UID) -> None:
    plain = ExplicitVRLittleEndian if syntax in COMPRESSED else syntax
    if plain == ExplicitVRBigEndian:
        one.decode()  # elements still as they were read keep their order of bytes
        one.PixelData = np.frombuffer(one.PixelData, "<u2").astype(">u2").tobytes()
    one.file_meta.TransferSyntaxUID = plain
    dcmwrite(path, one, enforce_file_format=True)
    if syntax in COMPRESSED:
        _compress(path, COMPRESSED[syntax])


def _compress(path: Path, syntax: int) -> None:
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    assert reader.Read()
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()

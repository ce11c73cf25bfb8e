"""Packing against zip: MB/s and ratio of every shared PET series, and the anonymizer's peak memory.

python -m tests.bench.package [--memory]

Both read the encoded datasets where the receiver stored them, one behind the other in a part, and end with a
new file, as a service does (to free an old one's pages is not to pack); neither syncs it. MB are those of the
datasets, the ratio is datasets : file. Both work in one thread and wait for nothing, so CPU time is counted
(user and system): on an idle machine it is the time that passes, on a busy one the longer of the two would be
stopped more often. They take turns, the best of each counts.
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydicom import Dataset

from petfectior.dicom import file_meta, tag_walker
from petfectior.errors import Rejected
from petfectior.pet import instance, packing, preparation, stored_plane, tracers
from petfectior.pet.preparation import Prepared
from petfectior.pet.source_series import Image
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from tests import raw_store
from tests.conftest import ROOT

ROUNDS = 6
REPEATS = 12
"""Times in a row that each acts in its turn: a service packs one series after the other as well."""
LARGEST = (673, 440)
"""Slices and matrix of the largest series that is promised."""
DATA = ROOT.parent / "shared" / "data" / "dicom"


def main() -> None:
    """Print a line for each series, then the peak memory."""
    if "--memory" in sys.argv:
        _peak()
        return
    print("series, MB, pack MB/s, zip MB/s, faster, pack ratio, zip ratio")
    for folder in sorted(DATA.glob("*pet_*")) + sorted(DATA.glob("derived_*")):
        _line(folder)
    with tempfile.TemporaryDirectory() as name:
        part = Path(name) / "part"
        _phantom(part)
        for how in ("interpreter", "anonymizer"):
            subprocess.run(
                [sys.executable, "-m", "tests.bench.package", "--memory", how, str(part)], check=True
            )


def _line(folder: Path) -> None:
    datasets = [_dataset(path) for path in sorted(folder.iterdir())]
    size = sum(len(one) for one, _, _ in datasets)
    with tempfile.TemporaryDirectory() as name:
        part = Path(name) / "part"
        images = list(_stored(part, datasets))
        try:
            with part.open("rb") as file:
                prepared = preparation.prepare(images, [file], tracers.SEED)
        except Rejected as refused:
            print(f"{folder.name}, {size / 1e6:.1f}, not packed: {refused.reason.code}")
            return
        block, archive = Path(name) / "block", Path(name) / "zip"
        packed, zipped = _fastest(
            (block, lambda: _pack(block, prepared, part)), (archive, lambda: _zip(archive, images, part))
        )
        mega = size / 1e6
        print(
            f"{folder.name}, {mega:.1f}, {mega / packed:.0f}, {mega / zipped:.0f}, {zipped / packed:.1f} x, "
            f"{size / block.stat().st_size:.2f}, {size / archive.stat().st_size:.2f}"
        )


def _fastest(*acts: tuple[Path, Callable[[], object]]) -> list[float]:
    """Return the CPU seconds of each act, which makes a file, at its best."""
    best = [float("inf")] * len(acts)
    for _ in range(ROUNDS):
        for index, (made, act) in enumerate(acts):
            best[index] = min(best[index], *(_seconds(made, act) for _ in range(REPEATS)))
    return best


def _seconds(made: Path, act: Callable[[], object]) -> float:
    made.unlink(missing_ok=True)
    began = time.process_time()
    act()
    return time.process_time() - began


def _pack(block: Path, prepared: Prepared, part: Path) -> None:
    with part.open("rb") as file:
        packing.write(block, prepared.stack, prepared.plan, [file], lambda: None)


def _zip(archive: Path, images: list[Image], part: Path) -> None:
    with (
        part.open("rb") as source,
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as to,
    ):
        for number, image in enumerate(images):
            to.writestr(f"{number:05d}.dcm", stored_plane.dataset(image.facts, source))


def _dataset(path: Path) -> tuple[bytes, str, str]:
    with path.open("rb") as file:
        meta = file_meta.parse(file)
        return file.read(), meta.sop_class_uid, meta.transfer_syntax_uid


def _stored(part: Path, datasets: Iterable[tuple[bytes, str, str]]) -> Iterator[Image]:
    """Write the part; yield what the receiver would know of each instance."""
    with part.open("ab") as file:
        for dataset, sop_class, syntax in datasets:
            header, pixels = tag_walker.read_and_locate(dataset, syntax, instance.WANTED | {0x00080018})
            yield Image(
                0,
                instance.facts(
                    header,
                    sop_class_uid=sop_class,
                    sop_instance_uid=header[0x00080018].decode("ascii"),
                    transfer_syntax_uid=syntax,
                    digest=hashlib.sha256(dataset).hexdigest(),
                    offset=file.tell(),
                    size=len(dataset),
                    pixels=pixels,
                ),
            )
            file.write(dataset)


def _phantom(part: Path) -> None:
    """Write a series of the largest size as a part, its index beside it; a few slices over and over."""
    slices, matrix = LARGEST
    few = list(PhantomSeries(Phantom(slices=8, rows=matrix, columns=matrix)).instances())
    with part.with_suffix(".index").open("wb") as index:
        images = _stored(part, (_again(few[number % len(few)], number, slices) for number in range(slices)))
        index.writelines(instance.write_index(image.facts for image in images))


def _again(one: Dataset, number: int, slices: int) -> tuple[bytes, str, str]:
    one.SOPInstanceUID = f"2.25.1.{number + 1}"
    one.ImagePositionPatient = [*one.ImagePositionPatient[:2], f"{3 * number}"]
    one.NumberOfSlices = slices
    return raw_store.encoded(one), str(one.SOPClassUID), raw_store.EXPLICIT


def _peak() -> None:
    """Print the peak memory of this process: of the imports alone, or after packing the largest series."""
    how, part = sys.argv[2], Path(sys.argv[3])
    if how == "anonymizer":
        with part.open("rb") as file, part.with_suffix(".index").open("rb") as index:
            images = [Image(0, facts) for facts in instance.read_index(index)]
            prepared = preparation.prepare(images, [file], tracers.SEED)
        began = time.perf_counter()
        _pack(part.with_suffix(".block"), prepared, part)
        size = part.stat().st_size / 1e6
        speed = size / (time.perf_counter() - began)
        print(f"{LARGEST[0]} x {LARGEST[1]}²: {size:.0f} MB at {speed:.0f} MB/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of {how}: {peak:.0f} MB")


if __name__ == "__main__":
    main()

"""Instances per second on the wire: received beside dcmtk's storescp and Orthanc, sent beside storescu.

All in the same run, turn and turn about; only the ratios travel to another machine. A rate is that of a whole
series less that of one instance, so that the start of a process does not count. Without fsync means that
every server writes to a tmpfs, where fsync costs nothing; what the disk alone does stands beside.

python -m tests.bench.wire [std|large] [ROUNDS]
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import Dataset, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import PositronEmissionTomographyImageStorage as PET  # noqa: N814 - the one class sent

from petfectior.dicom import file_meta
from petfectior.dicom.store_scu import OutgoingInstance, associate
from petfectior.task import Destination
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import free_port, listens, wait_for
from tests.dcmtk import storescp, tool
from tests.integration.scp.conftest import Node

SIZES: Final = {"std": (299, 200), "large": (673, 440)}
HEADER_BYTES: Final = 5600
PLACES: Final = {
    "no fsync": Path("/dev/shm"),  # noqa: S108
    "fsync": Path(tempfile.gettempdir()),
}
MANY: Final = (1, 2, 4)
PROCESSES: Final = os.cpu_count() or 1
"""Of our listener; storescp starts one for each association."""
OPTIONS: Final = ("-aet", "SCANNER", "-aec", "PETFECTIOR", "--no-halt", "127.0.0.1")


@dataclass(frozen=True)
class Series:
    """The files of a series, and folders with a share of them for each of 1, 2 and 4 associations."""

    count: int
    bytes: int
    shares: dict[int, list[Path]]
    first: Path


def main() -> None:
    """Print the tables."""
    size = sys.argv[1] if len(sys.argv) > 1 else "std"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        series = _series(Path(folder), *SIZES[size])
        print(f"{size}: {series.count} instances, {series.bytes / 1e6:.0f} MB; medians of {rounds}")
        for place, where in PLACES.items():
            _table(f"receive, {place}", _receivers(where), series, rounds)
        _table("send", _senders(PLACES["no fsync"]), series, rounds, many=(1, 2))


@dataclass(frozen=True)
class Contender:
    """A program that is measured.

    Parameters
    ----------
    run
        Sends or receives the files of each folder over an association of its own, with or without Nagle.
    ready
        Does what is not measured, before each run.
    """

    run: Callable[[list[Path], bool], None]
    ready: Callable[[], None] = lambda: None


Contenders = contextlib.AbstractContextManager[dict[str, Contender]]


def _table(
    title: str, contenders: Contenders, series: Series, rounds: int, many: tuple[int, ...] = MANY
) -> None:
    with contenders as runs:
        cases = [(number, False) for number in many] + ([(1, True)] if "receive" in title else [])
        for number, nagle in cases:
            rates: dict[str, list[float]] = {name: [] for name in runs}
            for _ in range(rounds):
                for name, contender in runs.items():
                    whole = _seconds(contender, series.shares[number], nagle=nagle)
                    one = _seconds(contender, [series.first] * number, nagle=nagle)
                    rates[name].append((series.count - number) / (whole - one))
            base = statistics.median(next(iter(rates.values())))
            shown = ", ".join(
                f"{name} {statistics.median(values):.0f}/s ({statistics.median(values) / base:.2f})"
                for name, values in rates.items()
            )
            print(f"{title}, {number} association(s){', Nagle' if nagle else ''}: {shown}", flush=True)


def _seconds(contender: Contender, folders: list[Path], *, nagle: bool) -> float:
    contender.ready()
    began = time.perf_counter()
    contender.run(folders, nagle)
    return time.perf_counter() - began


def _series(folder: Path, slices: int, matrix: int) -> Series:
    files = []
    source = folder / "all"
    source.mkdir()
    for number, one in enumerate(PhantomSeries(Phantom(slices, matrix, matrix, 1)).instances()):
        _pad(one)
        files.append(source / f"{number:05d}.dcm")
        dcmwrite(files[-1], one, enforce_file_format=True)
    first = folder / "first"
    first.mkdir()
    shutil.copy(files[0], first)
    shares: dict[int, list[Path]] = {}
    for number in MANY:
        shares[number] = [folder / f"share-{number}-{n}" for n in range(number)]
        for n, share in enumerate(shares[number]):
            share.mkdir()
            for file in files[n::number]:
                os.link(file, share / file.name)
    return Series(len(files), sum(file.stat().st_size for file in files), shares, first)


def _pad(one: Dataset) -> None:
    """Give the slice a header of the size that scanners write, most of it in private elements."""
    block = one.private_block(0x0009, "BENCH", create=True)
    missing = HEADER_BYTES - (len(one) * 24)
    for number in range(100):
        block.add_new(number, "LO", "x" * max(2, missing // 100 - 8))


def _storescu(port: int) -> Callable[[list[Path], bool], None]:
    def run(folders: list[Path], nagle: bool) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
        if not nagle:
            environment["TCP_NODELAY"] = "1"
        running = [
            subprocess.Popen([tool("storescu"), *OPTIONS, str(port), "+sd", str(folder)], env=environment)
            for folder in folders
        ]
        assert [one.wait() for one in running] == [0] * len(running)

    return run


@contextlib.contextmanager
def _receivers(where: Path) -> Iterator[dict[str, Contender]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
        dcmtk = stack.enter_context(storescp(folder / "storescp", "+B", "--fork"))
        port = free_port()
        for _ in range(PROCESSES):
            settings = {"dicom_port": str(port), "dicom_processes": str(PROCESSES)}
            node = Node(folder / "data", {"disk_low_bytes": "0", "quiet_seconds": "0.5", **settings}).start()
            stack.callback(node.kill, 15)
        runs = {
            "storescp +B": Contender(_storescu(dcmtk.port), lambda: _empty(folder / "storescp")),
            "PETfectior": Contender(_storescu(node.port), lambda: _gathered(folder / "data" / "spool")),
        }
        if shutil.which("Orthanc"):
            runs["Orthanc"] = Contender(_storescu(stack.enter_context(_orthanc(folder / "orthanc"))))
        if where == PLACES["fsync"]:
            runs["bare disk"] = Contender(_disk(folder))
        yield runs


def _disk(where: Path) -> Callable[[list[Path], bool], None]:
    """Write what is sent, with fdatasync after each instance: who syncs is no faster on one association."""

    def append(number: int, folder: Path) -> None:
        with (where / f"bare-{number}").open("wb", buffering=0) as to:
            for file in folder.iterdir():
                to.write(file.read_bytes())
                os.fdatasync(to.fileno())

    def run(folders: list[Path], _nagle: bool) -> None:
        with ThreadPoolExecutor(len(folders)) as threads:
            list(threads.map(append, range(len(folders)), folders))

    return run


def _empty(folder: Path) -> None:
    """A folder of very many files is slow."""
    for file in folder.iterdir():
        file.unlink()


def _gathered(spool: Path) -> None:
    """Storing a series after it has come is another's work."""
    wait_for(lambda: not list(spool.rglob("*.zip")), "the spool is not emptied", 120)


@contextlib.contextmanager
def _orthanc(folder: Path) -> Iterator[int]:
    folder.mkdir()
    port = free_port()
    (folder / "orthanc.json").write_text(
        f'{{"StorageDirectory": "{folder}/db", "IndexDirectory": "{folder}/db", "DicomPort": {port},'
        f' "HttpPort": {free_port()}, "DicomCheckCalledAet": false, "DicomAlwaysAllowStore": true,'
        ' "OverwriteInstances": true}'
    )
    with subprocess.Popen(
        ["Orthanc", str(folder / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: listens(port), "Orthanc does not listen", 60)
            yield port
        finally:
            process.terminate()


@contextlib.contextmanager
def _senders(where: Path) -> Iterator[dict[str, Contender]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
        dcmtk = stack.enter_context(storescp(folder / "storescp", "+B", "--fork"))
        to = Destination(name="", ae_title="STORESCP", address="127.0.0.1", port=dcmtk.port)
        sender = Sender(to)
        yield {
            "storescu": Contender(_storescu(dcmtk.port), lambda: _empty(folder / "storescp")),
            "PETfectior": Contender(
                lambda folders, _: sender.send(folders), lambda: _empty(folder / "storescp")
            ),
        }


class Sender:
    """The gateway's sender, a process for each association."""

    def __init__(self, to: Destination) -> None:
        self._to = to

    def send(self, folders: list[Path]) -> None:
        """Send the files of each folder."""
        children = []
        for folder in folders:
            child = os.fork()
            if not child:
                self._send(folder)
                os._exit(0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)

    def _send(self, folder: Path) -> None:
        instances = [_outgoing(path) for path in sorted(folder.iterdir())]
        with associate(self._to, "SCANNER", {(PET, ExplicitVRLittleEndian)}) as association:
            association.send(instances, lambda *_: None)


def _outgoing(path: Path) -> OutgoingInstance:
    with path.open("rb") as file:
        meta = file_meta.parse(file)
    return OutgoingInstance(
        meta.sop_class_uid,
        meta.sop_instance_uid,
        meta.transfer_syntax_uid,
        lambda: path.read_bytes()[meta.length :],
    )


if __name__ == "__main__":
    main()

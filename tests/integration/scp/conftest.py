"""A real scp process over the embedded adapters, and real senders."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from petfectior import wiring
from petfectior.ports import TaskQuery
from petfectior.service import Ports
from petfectior.settings import Settings
from petfectior.task import Task
from petfectior.work import Stage
from tests.conftest import absent

ROOT = Path(__file__).resolve().parents[3]
WAIT = 60.0


def until(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    """Poll until `condition` is true; return what it was."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
    return value


@dataclass
class Node:
    """One scp process; `settings` are its environment."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def start(self, **settings: str) -> Node:
        self.settings.update(settings)
        seen = len(self.log("scp.listening"))
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PETFECTIOR_")
        }
        environment |= {
            "PETFECTIOR_DATA_DIR": str(self.data_dir),
            "PETFECTIOR_DICOM_HOST": "127.0.0.1",
            "PETFECTIOR_DICOM_PORT": "0",
            **{f"PETFECTIOR_{name.upper()}": value for name, value in self.settings.items()},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.scp"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        listening = until(lambda: self._alive() and self.log("scp.listening")[seen:])
        self.port = listening[-1]["port"]
        return self

    def _alive(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the scp ended"
        return True

    def log(self, event: str) -> list[dict[str, Any]]:
        path = self.data_dir / "logs" / "scp.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for line in lines if (entry := json.loads(line))["event"] == event]

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def connect(
        self, sop_class: str = PositronEmissionTomographyImageStorage, title: str = "SCANNER"
    ) -> Association:
        entity = AE(ae_title=title)
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
        association = entity.associate("127.0.0.1", self.port)
        assert association.is_established
        return association

    @contextlib.contextmanager
    def association(self, title: str = "SCANNER") -> Iterator[Association]:
        association = self.connect(title=title)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()

    def send(self, instances: Sequence[Dataset], title: str = "SCANNER") -> list[int]:
        with self.association(title) as association:
            return [store(association, one) for one in instances]


def store(association: Association, instance: Dataset | bytes, like: Dataset | None = None) -> int:
    """Send one C-STORE-RQ, with any bytes as its dataset, and return the status."""
    claimed = like or instance
    assert isinstance(claimed, Dataset)
    context = association.accepted_contexts[0]
    raw = (
        instance
        if isinstance(instance, bytes)
        else encode(instance, is_implicit_vr=False, is_little_endian=True)
    )
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = claimed.SOPClassUID
    request.AffectedSOPInstanceUID = claimed.SOPInstanceUID
    request.Priority = 2
    request.DataSet = io.BytesIO(raw)
    # Paused for good: a reactor that is let go on may still be awake at the next store, and take its answer.
    association._reactor_checkpoint.clear()
    until(lambda: association._is_paused)
    association.dimse.send_msg(request, context.context_id)
    _, response = association.dimse.get_msg(block=True)
    assert response is not None
    return int(response.Status)


@dataclass
class House:
    """The stores that the processes share, as a test sees them."""

    ports: Ports

    def tasks(self) -> list[Task]:
        return self.ports.tasks.find(TaskQuery(newest_first=False))

    def task(self, condition: Callable[[Task], bool] = lambda _: True) -> Task:
        return until(lambda: next((one for one in self.tasks() if condition(one)), None))

    def gathered(self) -> Task:
        return self.task(lambda one: one.stage is Stage.ANONYMIZE)

    def rejected(self) -> Task:
        return self.task(lambda one: one.outcome == "rejected")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """Return an scp that listens on a free port, with a short quiet time."""
    node = Node(tmp_path / "data", {"quiet_seconds": "1", "minimum_images": "5", "disk_low_bytes": "0"})
    node.start()
    yield node
    assert node.process is not None
    if node.process.poll() is None:
        assert node.kill(signal.SIGTERM) == 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return the stores of the data folder."""
    ports = wiring.connect(Settings(data_dir=tmp_path / "data"))
    yield House(ports)
    ports.close()


@pytest.fixture
def series() -> Callable[..., list[Dataset]]:
    """Return a maker of small PET series."""
    return make_series


def make_series(
    count: int = 6, announced: int | None = -1, patient: str = "P1", **values: Any
) -> list[Dataset]:
    """Make a series; `announced` is its NumberOfSlices, -1 for the true one, None for none."""
    series_uid, study_uid, frame = generate_uid(), generate_uid(), generate_uid()
    made = []
    for n in range(count):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.SpecificCharacterSet = "ISO_IR 100"
        one.ImageType = ["ORIGINAL", "PRIMARY"]
        one.SOPClassUID = UID(PositronEmissionTomographyImageStorage)
        one.SOPInstanceUID = generate_uid()
        one.Modality = "PT"
        one.PatientName = "Müller^Jürgen"
        one.PatientID = patient
        one.StudyInstanceUID, one.SeriesInstanceUID = study_uid, series_uid
        one.FrameOfReferenceUID = frame
        one.InstanceNumber = n + 1
        one.ImageIndex = n + 1
        one.SeriesType = ["STATIC", "IMAGE"]
        if announced is not None:
            one.NumberOfSlices = count if announced == -1 else announced
        one.ImagePositionPatient = [0, 0, 3.0 * n]
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        one.PixelSpacing = [4, 4]
        one.Rows = one.Columns = 8
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 0
        one.PixelData = bytes([n % 256]) * 128
        for name, value in values.items():
            setattr(one, name, value)
        made.append(one)
    return made


@pytest.fixture
def storescu() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return dcmtk's sender."""
    program = shutil.which("storescu")
    if program is None:
        absent("dcmtk's storescu")

    def send(node: Node, paths: Sequence[Path], *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                program or "",
                "-v",
                *options,
                "-aec",
                "PETFECTIOR",
                "127.0.0.1",
                str(node.port),
                *map(str, paths),
            ],
            env={**os.environ, "TCP_NODELAY": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return send

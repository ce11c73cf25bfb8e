"""What came of a demo run: counts, seconds, and whether the derived series is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import Dataset, dcmread

from simulator.scanner import Sent, Source
from simulator.stack import Stack

IDENTITY: Final = "identity"
KEPT: Final = (
    "PatientID",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
)
"""Attributes that a derived instance must share with its source."""


def summary(stack: Stack, task: dict[str, Any], sent: Sent, source: Source) -> dict[str, Any]:
    """Return what the demo prints; ``problems`` is empty and ``complete`` true if all is well."""
    derived = sorted((stack.folder / "workstation").rglob("*.dcm"))
    problems, identical, series_uids = _compare(source, derived, identity=stack.model == IDENTITY)
    if task["status"] != "done":
        problems.append(f"The task stopped: {task['reason']}")
    if sent.accepted != sent.total:
        problems.append(f"The gateway accepted {sent.accepted} of {sent.total} instances")
    if len(derived) != sent.total:
        problems.append(f"{len(derived)} of {sent.total} derived instances came back")
    report = task["outputs"][0]["report"] if task["outputs"] else {}
    return {
        "sent": sent.total,
        "task_id": task["id"],
        "stages": stage_seconds(task),
        "received_at_workstation": len(derived),
        "derived_series_uid": series_uids.pop() if len(series_uids) == 1 else None,
        "identity_ok": identical,
        "rescale_bound": report.get("rescale_bound"),
        "units": (task["package"] or {}).get("units"),
        "problems": problems,
        "complete": not problems and identical is not False,
    }


def stage_seconds(task: dict[str, Any]) -> dict[str, float]:
    """Return the seconds that the task spent in each stage, waiting included."""
    entered: dict[str, float] = {}
    for entry in task["history"]:
        entered.setdefault(entry["stage"], entry["at"])
    times = [*entered.values(), task["updated_at"]]
    return {
        stage: round(end - begin, 3) for stage, begin, end in zip(entered, times, times[1:], strict=False)
    }


def _compare(
    source: Source, derived: list[Path], *, identity: bool
) -> tuple[list[str], bool | None, set[str]]:
    """Compare each derived instance with the source that it names."""
    originals = {str(one.SOPInstanceUID): one for one in source.datasets()}
    problems: set[str] = set()
    identical = True
    series_uids: set[str] = set()
    for path in derived:
        one = dcmread(path)
        series_uids.add(str(one.SeriesInstanceUID))
        original = originals.get(str(one.SourceImageSequence[0].ReferencedSOPInstanceUID))
        if original is None:
            problems.add("A derived instance names a source that was not sent")
            continue
        problems |= {f"{name} changed" for name in KEPT if one.get(name) != original.get(name)}
        identical = identical and _same_voxels(one, original)
    return sorted(problems), identical and bool(derived) if identity else None, series_uids


def _same_voxels(one: Dataset, original: Dataset) -> bool:
    """Tell whether all voxels agree within half of the larger slope."""
    bound = max(float(one.RescaleSlope), float(original.RescaleSlope)) / 2
    return bool(np.abs(_values(one) - _values(original)).max() <= bound)


def _values(one: Dataset) -> np.ndarray[Any, np.dtype[np.float64]]:
    stored = one.pixel_array.astype(np.float64)
    return np.asarray(stored * float(one.RescaleSlope) + float(one.get("RescaleIntercept", 0)))

"""What real senders do wrong: each ends in the right state with the right sentence, disturbing nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

from simulator import scanner
from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from simulator.stack import Stack, wait_for
from tests.dcmtk import StoreScp, storescu
from tests.raw_store import encoded, store

Sending = Callable[..., list[dict[str, Any]]]
SEEDS = itertools.count(100)
SLICES = 12


def series(folder: Path, slices: int = SLICES) -> list[Path]:
    """Write a small series that no other test has, in slice order."""
    folder.mkdir(parents=True, exist_ok=True)
    return PhantomSeries(Phantom(slices=slices, rows=48, columns=40, seed=next(SEEDS))).write(folder)


def send(stack: Stack, *paths: Path, status: int = 0) -> None:
    sent = storescu(stack.dicom_port, *paths)
    assert sent.returncode == status, sent.stderr


def edited(path: Path, **values: object) -> None:
    """Change elements of a file in place."""
    one = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(one, name, value)
    one.save_as(path)


def test_a_missing_slice_is_named_and_the_series_goes_on_when_it_comes(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    files = series(generated)
    [task] = sending(lambda: send(stack, *files[:5], *files[6:]))
    assert (task["outcome"], task["reason_code"]) == ("rejected", "series-incomplete-positions")
    assert f"{SLICES - 1} of {SLICES}" in task["reason"]
    again = _follow(stack, task["id"], lambda: send(stack, files[5]))
    assert (again["status"], again["received"]) == ("done", SLICES)


def test_a_person_may_process_an_incomplete_series_as_it_is(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    files = series(generated)
    [task] = sending(lambda: send(stack, *files[:-2]))
    assert task["outcome"] == "rejected"
    done = _follow(stack, task["id"], lambda: _act(stack, task["id"], "process-as-it-is"))
    assert (done["status"], done["received"]) == ("done", SLICES - 2)


def test_a_series_sent_twice_is_processed_twice_under_new_uids(
    stack: Stack, sending: Sending, generated: Path, destination: StoreScp
) -> None:
    files = series(generated)
    before = set(destination.files())
    [first] = sending(lambda: send(stack, *files))
    [second] = sending(lambda: send(stack, *files))
    assert (first["status"], second["status"]) == ("done", "done")
    new = set(destination.files()) - before
    assert len(new) == 2 * SLICES
    assert len({pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID for path in new}) == 2


def test_one_late_copy_is_noted_and_opens_no_task(stack: Stack, sending: Sending, generated: Path) -> None:
    files = series(generated)
    [task] = sending(lambda: send(stack, *files))

    def noted() -> bool:
        return any(note["code"].startswith("late-") for note in stack.task(task["id"])["notes"])

    count = len(stack.tasks())
    send(stack, files[3])
    _wait(noted)
    assert len(stack.tasks()) == count


def test_a_series_in_reverse_order_is_whole(stack: Stack, sending: Sending, generated: Path) -> None:
    files = series(generated)
    [task] = sending(lambda: send(stack, *reversed(files)))
    assert task["status"] == "done"


def test_two_series_interleaved_on_one_association_are_two_tasks(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    pairs = zip(series(generated / "a"), series(generated / "b"), strict=True)
    tasks = sending(lambda: send(stack, *itertools.chain.from_iterable(pairs)), count=2)
    assert [(task["status"], task["received"]) for task in tasks] == [("done", SLICES)] * 2


def test_a_series_split_over_two_associations_is_one_task(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    files = series(generated)

    def halves() -> None:
        send(stack, *files[:6])
        send(stack, *files[6:])

    [task] = sending(halves)
    assert (task["status"], task["received"]) == ("done", SLICES)


def test_two_patients_under_one_series_are_rejected_without_naming_them(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    files = series(generated)
    edited(files[4], PatientID="SOMEBODY-ELSE")
    [task] = sending(lambda: send(stack, *files))
    assert task["outcome"] == "rejected"
    assert "PatientID" in task["reason"]
    assert "SOMEBODY" not in task["reason"]


def test_our_own_derived_series_is_refused_when_it_comes_back(
    stack: Stack, sending: Sending, generated: Path, destination: StoreScp
) -> None:
    before = set(destination.files())
    sending(lambda: send(stack, *series(generated)))
    ours = sorted(set(destination.files()) - before)
    [task] = sending(lambda: send(stack, *ours))
    assert (task["outcome"], task["reason_code"]) == ("rejected", "own-derived-series")


def test_a_phantom_without_units_and_tracer_is_rejected_with_its_reason(
    stack: Stack, sending: Sending, shared_data: Path
) -> None:
    folder = shared_data / "dicom" / "pet_nema_iq_phantom_minimal"
    [task] = sending(lambda: send(stack, "+sd", folder))
    assert task["outcome"] == "rejected"
    assert "Units" in task["reason"]


def test_single_slices_of_larger_series_are_rejected_as_incomplete(
    stack: Stack, sending: Sending, shared_data: Path
) -> None:
    folder = scanner.folder(shared_data / "dicom" / "pet_single_slices")
    tasks = sending(lambda: scanner.send(folder, f"PETFECTIOR@127.0.0.1:{stack.dicom_port}"), 2)
    assert {task["outcome"] for task in tasks} == {"rejected"}
    assert {task["reason_code"].startswith("series-incomplete") for task in tasks} == {True}
    assert sorted("1 of 267" in task["reason"] for task in tasks) == [False, True]


@pytest.mark.parametrize("case", ["ct_ge_crop_sts001", "other_sop_classes", "odd_malformed"])
def test_what_is_no_pet_is_refused_at_negotiation_and_opens_no_task(
    stack: Stack, shared_data: Path, case: str
) -> None:
    count = len(stack.tasks())
    for path in sorted((shared_data / "dicom" / case).iterdir()):
        storescu(stack.dicom_port, path)
    assert len(stack.tasks()) == count


def test_a_truncated_instance_is_answered_c000_and_its_neighbours_are_kept(
    stack: Stack, sending: Sending, generated: Path
) -> None:
    files = series(generated)

    def store_all() -> list[int]:
        datasets = [pydicom.dcmread(path) for path in files]
        whole = [encoded(one) for one in datasets]
        whole.insert(3, whole[3][:-100])
        datasets.insert(3, datasets[3])
        return store(stack.dicom_port, datasets, whole)

    statuses: list[int] = []
    [task] = sending(lambda: statuses.extend(store_all()))
    assert statuses == [0] * 3 + [0xC000] + [0] * (SLICES - 3)
    assert (task["status"], task["received"]) == ("done", SLICES)


def test_an_instance_of_another_class_than_it_claims_is_answered_a900(stack: Stack, generated: Path) -> None:
    one = pydicom.dcmread(series(generated)[0])
    one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    assert store(stack.dicom_port, [one], [encoded(one)]) == [0xA900]


def test_an_instance_whose_uid_differs_from_the_command_is_answered_c000(
    stack: Stack, generated: Path
) -> None:
    one = pydicom.dcmread(series(generated)[0])
    before = encoded(one)
    one.SOPInstanceUID = generate_uid()
    assert store(stack.dicom_port, [one], [before]) == [0xC000]


def _act(stack: Stack, task_id: str, action: str) -> None:
    stack.call("POST", f"tasks/{task_id}/{action}")


def _follow(stack: Stack, task_id: str, act: Callable[[], object]) -> dict[str, Any]:
    """Do something and return the task when it has ended anew."""
    revision = stack.task(task_id)["updated_at"]
    act()

    def ended() -> bool:
        task = stack.task(task_id)
        return task["updated_at"] > revision and task["status"] in {"done", "stopped"}

    _wait(ended)
    return stack.task(task_id)


def _wait(condition: Callable[[], bool]) -> None:
    wait_for(condition, "it did not happen", 60)

"""10⁵ shuffled, interleaved, replayed and corrupted results over 50 patients: none ends with a wrong task.

The server is hostile in every way but one: it cannot know a nonce before the job was created. What is held
against the results are the functions that the transfer service asks: is this job awaited, does the descriptor
answer to it, do the bytes answer to the descriptor.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from petfectior.errors import Quarantined
from petfectior.task import Blob, Job, Package, Source, Task
from petfectior.work import Stage
from services.transfer import job, result_content, result_descriptor
from services.transfer.client import JobStatus

PATIENTS: Final = 50
RESULTS: Final = 100_000
SHAPES: Final = ((2, 3, 4), (2, 4, 3), (3, 2, 4))
DTYPES: Final = ("int16", "uint16")
REFUSED: Final = "refused"


@dataclass(frozen=True)
class Arrival:
    """News of a job and the bytes that the server then hands out for it."""

    status: dict[str, Any]
    content: bytes
    of_patient: int
    honest: bool = True


@dataclass
class Hospital:
    """Tasks that wait for their results, found by job id as the task store finds them."""

    tasks: dict[str, Task] = field(default_factory=dict)
    by_job: dict[str, str] = field(default_factory=dict)
    patients: dict[str, int] = field(default_factory=dict)

    def admit(self, patient: int, chance: random.Random) -> Task:
        source = Source(calling_ae_title="S", called_ae_title="P", address="127.0.0.1")
        task = Task(
            created_at=0.0, updated_at=0.0, frozen_at=0.0, series_key="", source=source, stage=Stage.PROCESS
        )
        blob = Blob(key="k", size=1, sha256="")
        task.package = Package(
            blob=blob,
            manifest={},
            manifest_sha256="",
            order=blob,
            encoding="none",
            dtype=chance.choice(DTYPES),
            shape=chance.choice(SHAPES),
            units="BQML",
        )
        self.tasks[task.id], self.patients[task.id] = task, patient
        self.attempt(task, chance)
        return task

    def attempt(self, task: Task, chance: random.Random) -> Job:
        """Begin an attempt; the one before is given up."""
        if task.job is not None:
            job.abandon(task.job.id, "lost")(task)
        one = Job(id=f"{chance.getrandbits(128):032x}", nonce=f"{chance.getrandbits(128):032x}", created_at=0)
        task.jobs.append(one)
        self.by_job[one.id] = task.id
        return one

    def take(self, arrival: Arrival) -> str:
        """Return the task that believes this result, or `REFUSED`."""
        status = JobStatus.model_validate(arrival.status)
        task = self.tasks.get(self.by_job.get(status.id, ""))
        if task is None or task.job is None or task.package is None or not job.awaited(task, status.id):
            return REFUSED
        try:
            result = result_descriptor.verified(status.result, task.job, task.package)
            result_content.verify([arrival.content], result)
        except Quarantined:
            return REFUSED
        return task.id


def answer(task: Task, one: Job, patient: int) -> Arrival:
    """Return what an honest server says of this attempt: voxels that only this patient has."""
    assert task.package is not None
    shape, dtype = task.package.shape, task.package.dtype
    content = (np.arange(np.prod(shape)) + 100 * patient).astype(dtype).tobytes()
    digest = hashlib.sha256(content).hexdigest()
    block = {"role": "image", "offset": 0, "size": len(content), "sha256": digest, "shape": list(shape)}
    block |= {"dtype": dtype, "encoding": "none", "rescale_slope": [1.0 + patient] * shape[0]}
    result = {"nonce": one.nonce, "size": len(content), "sha256": digest, "blocks": [block]}
    return Arrival({"id": one.id, "state": "done", "result": result}, content, patient)


def corrupted(one: Arrival, other: Arrival, chance: random.Random) -> Arrival:
    """Return a result that was spoilt, or mixed with another's, in one of the ways that a server may."""
    result = one.status["result"]
    position = chance.randrange(len(one.content))
    flipped = bytearray(one.content)
    flipped[position] ^= 1 << chance.randrange(8)
    ways = [
        replace(one, status={**one.status, "id": other.status["id"]}),
        replace(one, status={**one.status, "result": other.status["result"]}),
        replace(one, content=other.content, of_patient=other.of_patient),
        replace(one, status=other.status),
        replace(one, status={**one.status, "result": {**other.status["result"], "nonce": result["nonce"]}}),
        replace(one, content=bytes(flipped)),
        replace(one, content=one.content[:position]),
        replace(one, content=one.content + one.content[:position] + b"\0"),
        replace(one, status={**one.status, "result": {**result, "nonce": result["nonce"][::-1] + "0"}}),
        replace(one, status={**one.status, "result": None}),
        replace(one, status={**one.status, "id": f"{chance.getrandbits(128):032x}"}),
    ]
    return replace(chance.choice(ways), honest=False)


def test_of_a_hundred_thousand_mixed_results_none_is_assigned_to_a_wrong_task() -> None:
    chance = random.Random(50)
    hospital = Hospital()
    honest: list[Arrival] = []
    stale: list[Arrival] = []
    for patient in range(PATIENTS):
        task = hospital.admit(patient, chance)
        for attempt in range(3):
            assert task.job is not None
            found = answer(task, task.job, patient)
            if attempt == 2:
                honest.append(found)
            else:
                stale.append(found)
                hospital.attempt(task, chance)
    everything = honest + stale
    wrong, believed, counts = 0, Counter[int](), Counter[str]()
    for _ in range(RESULTS):
        one, other = chance.choice(everything), chance.choice(everything)
        arrival = one if chance.random() < 0.3 else corrupted(one, other, chance)
        taken_by = hospital.take(arrival)
        counts["refused" if taken_by == REFUSED else "believed"] += 1
        if taken_by != REFUSED:
            patient = hospital.patients[taken_by]
            believed[patient] += 1
            own = next(one for one in honest if one.of_patient == patient)
            wrong += arrival.content != own.content or arrival.status != own.status
        elif arrival.honest and arrival in honest:
            counts["honest-refused"] += 1
    print(f"{RESULTS} results over {PATIENTS} patients: {wrong} assigned to a wrong task; {dict(counts)}")
    assert wrong == 0
    assert counts["honest-refused"] == 0
    assert set(believed) == set(range(PATIENTS))
    assert counts["refused"] > RESULTS // 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_tasks_and_attempts_come_and_go_while_results_arrive(data: st.DataObject) -> None:
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    hospital = Hospital()
    answers: list[Arrival] = []
    for step in data.draw(
        st.lists(st.sampled_from("admit again give-up result spoilt".split()), max_size=60)
    ):
        tasks = list(hospital.tasks.values())
        if step == "admit" or not tasks:
            task = hospital.admit(len(tasks), chance)
        elif step == "again":
            task = chance.choice(tasks)
            hospital.attempt(task, chance)
        elif step == "give-up":
            task = chance.choice(tasks)
            assert task.job is not None
            job.abandon(task.job.id, "quarantined")(task)
            continue
        else:
            one, other = chance.choice(answers), chance.choice(answers)
            arrival = one if step == "result" else corrupted(one, other, chance)
            taken_by = hospital.take(arrival)
            if taken_by != REFUSED:
                now = hospital.tasks[taken_by].job
                assert now is not None
                assert arrival.of_patient == hospital.patients[taken_by]
                assert arrival.status["id"] == now.id
                assert job.usable(now)
            continue
        assert task.job is not None
        answers.append(answer(task, task.job, hospital.patients[task.id]))

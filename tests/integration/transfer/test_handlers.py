"""Each handler against the real server, over the real embedded adapters."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest

from petfectior import commit, ledger, receipts, settings, transitions
from petfectior.errors import Permanent, Quarantined, Rejected
from petfectior.handling import Again, Answer
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.work import Outcome, Stage
from services.transfer import erasure, job, polling
from services.transfer.check import check
from services.transfer.client import ProcessingClient
from services.transfer.download import download
from services.transfer.upload import upload
from tests.integration.transfer.conftest import Bench, until


def connect(bench: Bench) -> ProcessingClient:
    return ProcessingClient(bench.ports.settings())


def turn(bench: Bench, task: Task) -> Answer:
    """Let the stage's handler have one turn, and commit its answer."""
    claim = bench.claim(task.id)
    ports = bench.ports
    if claim.stage is Stage.UPLOAD:
        answer = upload(claim, ports.registry, ports.blobs, lambda: connect(bench), ports.settings())
    elif claim.stage is Stage.PROCESS:
        answer = check(claim, ports.registry, lambda: connect(bench), ports.settings())
    else:
        answer = download(claim, ports.registry, ports.blobs, lambda: connect(bench))
    commit.commit(claim, answer, bench.owner)
    return answer


def travel(bench: Bench, task: Task, stage: Stage) -> Task:
    """Take turns until the task is in `stage`."""

    def there() -> Task | None:
        if bench.ports.tasks.get(task.id).stage is not stage:
            turn(bench, task)
        found = bench.ports.tasks.get(task.id)
        return found if found.stage is stage else None

    found: Task = until(there)
    return found


def test_a_package_comes_back_as_the_result_that_was_asked_for(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.REBUILD)
    assert task.job is not None
    assert task.job.result is not None
    blocks = task.job.result["blocks"]
    assert isinstance(blocks, list)
    assert [block["role"] for block in blocks] == ["image", "removed-noise"]
    stored = hashlib.sha256()
    for blob in task.result:
        with bench.ports.blobs.read(blob.key) as file:
            stored.update(file.read())
    assert stored.hexdigest() == task.job.result["sha256"]


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_every_kind_of_number_passes(bench: Bench, dtype: str) -> None:
    assert travel(bench, bench.submitted(dtype), Stage.REBUILD).result


def test_what_leaves_is_noted_and_the_patient_is_not_in_it(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    assert [receipt.call for receipt in task.receipts] == ["eligibility", "create-job", "package"]
    (kept,) = bench.server.state()["jobs"]
    assert "Subject" not in kept["request"]["manifest"]
    assert kept["request"] == receipts.statement(task).messages[1].body


def test_a_retry_with_a_model_that_asks_for_more_of_the_patient_is_not_refused(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    settings.store(bench.ports.base, bench.ports.registry, "model", "identity-per-patient")
    until(lambda: bench.ports.settings().model)
    bench.server.fault("lose-job", times=1)
    task = travel(bench, task, Stage.REBUILD)
    assert task.package is not None
    first, second = [one.body for one in receipts.statement(task).messages if one.call == "create-job"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    manifest = task.package.manifest
    assert first["manifest"] == {name: manifest[name] for name in manifest if name != "Subject"}
    assert second["manifest"] == manifest
    assert all(one.proven for one in receipts.statement(task).messages)
    (kept,) = [one for one in bench.server.state()["jobs"] if one["request"]["id"] == second["id"]]
    assert kept["request"] == second


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("no-licence", "licence-missing"),
        ("no-licence-for-tracer", "licence-missing-for-tracer"),
        ("no-model-for-scanner", "model-missing-for-scanner"),
    ],
)
def test_each_refusal_has_its_own_reason_and_nothing_is_uploaded(bench: Bench, fault: str, code: str) -> None:
    bench.server.fault(fault)
    task = bench.submitted()
    with pytest.raises(Rejected) as refused:
        turn(bench, task)
    assert refused.value.reason.code == code
    assert bench.server.state()["jobs"] == []
    assert bench.ports.tasks.get(task.id).jobs == []


@pytest.mark.parametrize(
    ("fault", "code"), [("down", "server-busy"), ("token-refused", "server-token-refused")]
)
def test_a_server_that_cannot_be_used_makes_the_task_wait(bench: Bench, fault: str, code: str) -> None:
    bench.server.fault(fault, seconds=7)
    task = bench.submitted()
    answer = turn(bench, task)
    assert isinstance(answer, Again)
    assert answer.reason is not None
    assert answer.reason.code == code
    waiting = bench.ports.tasks.get(task.id)
    assert waiting.work.attempts == 0
    bench.server.mend()
    travel(bench, task, Stage.PROCESS)


def test_a_server_that_went_away_is_waited_for_in_every_stage(bench: Bench) -> None:
    task = bench.submitted()
    for stage in (Stage.UPLOAD, Stage.PROCESS, Stage.DOWNLOAD):
        travel(bench, task, stage)
        bench.server.stop()
        answer = turn(bench, task)
        assert isinstance(answer, Again)
        assert answer.reason is not None
        assert answer.reason.code == "server-unreachable"
        bench.server.start()
    travel(bench, task, Stage.REBUILD)


def test_an_upload_that_breaks_goes_on_from_the_confirmed_byte(bench: Bench) -> None:
    bench.server.fault("drop-upload", times=1, after=100_000)
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    assert bench.server.state()["counts"]["uploaded"] == len(bench.block)
    assert len(task.jobs) == 1


def test_a_server_killed_during_an_upload_gets_only_what_it_lacks(bench: Bench) -> None:
    bench.server.fault("drop-upload", times=1, after=100_000)
    bench.server.fault("down", times=1)
    task = bench.submitted()
    travel(bench, task, Stage.PROCESS)
    before = bench.ports.tasks.get(task.id).job
    assert before is not None
    bench.server.stop()
    bench.server.start()
    travel(bench, task, Stage.DOWNLOAD)
    after = bench.ports.tasks.get(task.id).job
    assert after is not None
    assert after.id == before.id
    assert bench.server.state()["counts"]["uploaded"] == 0


def test_a_download_that_breaks_goes_on_from_the_confirmed_byte(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.DOWNLOAD)
    bench.server.fault("drop-download", times=2, after=100_000)
    task = travel(bench, task, Stage.REBUILD)
    assert task.job is not None
    assert task.job.result is not None
    assert len(task.result) == 1
    assert bench.server.state()["counts"]["downloaded"] == task.job.result["size"]


def test_a_lost_job_leads_to_a_new_attempt_with_another_id(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    bench.server.fault("lose-job", times=1)
    task = travel(bench, task, Stage.REBUILD)
    assert [one.state for one in task.jobs] == ["lost", "done"]
    assert task.jobs[0].id != task.jobs[1].id
    assert task.jobs[0].nonce != task.jobs[1].nonce


def test_a_transient_failure_is_tried_once_more(bench: Bench) -> None:
    bench.server.fault("fail-job-transient", times=1)
    task = travel(bench, bench.submitted(), Stage.REBUILD)
    assert [one.state for one in task.jobs] == ["failed", "done"]


@pytest.mark.parametrize(("fault", "attempts"), [("fail-job", 1), ("fail-job-transient", 2)])
def test_a_job_that_keeps_failing_stops_the_task(bench: Bench, fault: str, attempts: int) -> None:
    bench.server.fault(fault)
    task = bench.submitted()
    with pytest.raises(Permanent) as failed:
        travel(bench, task, Stage.REBUILD)
    assert failed.value.reason.code == "job-failed"
    assert len(bench.ports.tasks.get(task.id).jobs) == attempts


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("wrong-nonce", "result-nonce-wrong"),
        ("wrong-shape", "result-shape-wrong"),
        ("truncated", "result-length-wrong"),
    ],
)
def test_a_result_that_must_not_be_believed_is_quarantined(bench: Bench, fault: str, code: str) -> None:
    bench.server.fault(fault)
    task = bench.submitted()
    with pytest.raises(Quarantined) as refused:
        travel(bench, task, Stage.REBUILD)
    assert refused.value.reason.code == code
    kept = bench.ports.tasks.get(task.id)
    assert kept.result == []
    assert kept.job is not None
    assert kept.job.state == "quarantined"
    assert bool(kept.quarantine) == (fault == "truncated")


def test_a_missing_answer_parks_the_task_and_a_late_result_is_taken(bench: Bench) -> None:
    bench.server.fault("slow", times=1, seconds=3)
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    claim = bench.claim(task.id)
    impatient = bench.ports.settings().model_copy(update={"park_hours": 1e-9})
    with pytest.raises(Permanent) as parked:
        check(claim, bench.ports.registry, lambda: connect(bench), impatient)
    assert parked.value.reason.code == job.PARKED
    commit.stop_for_good(claim, Outcome.FAILED, parked.value.reason, bench.owner)
    job_id = bench.ports.tasks.get(task.id).jobs[0].id
    until(lambda: connect(bench).job(job_id).state == "done")
    polling.apply(bench.ports.tasks, bench.ports.bus, connect(bench).job(job_id), "replica-2")
    assert bench.ports.tasks.get(task.id).outcome is None
    travel(bench, task, Stage.REBUILD)


def test_a_parked_task_stays_parked_when_the_server_says_expired(bench: Bench) -> None:
    bench.server.fault("slow", times=1, seconds=2)
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    claim = bench.claim(task.id)
    commit.stop_for_good(claim, Outcome.FAILED, Reason(code=job.PARKED, params={"hours": 24}), bench.owner)
    job_id = task.jobs[0].id
    expired = connect(bench).job(job_id).model_copy(update={"state": "expired"})
    polling.apply(bench.ports.tasks, bench.ports.bus, expired, "replica-2")
    parked = bench.ports.tasks.get(task.id)
    assert parked.outcome is Outcome.FAILED
    assert [one.state for one in parked.jobs] == ["expired"]
    assert bench.ports.bus.depth("transfer").ready == 0


def test_a_cancelled_task_has_its_job_erased(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    ledger.change(bench.ports.tasks, task.id, lambda one: transitions.cancel(one, time.time(), "person"))
    pay(bench)
    assert bench.server.state()["erased"] == [task.jobs[0].id]


def test_a_job_id_that_was_erased_before_its_creation_is_given_up(bench: Bench) -> None:
    task = bench.submitted()
    claim = bench.claim(task.id)
    doomed = job.begin(claim, bench.ports.registry)
    connect(bench).erase(doomed.id)
    commit.commit(claim, Again(), bench.owner)
    task = travel(bench, task, Stage.REBUILD)
    assert [one.state for one in task.jobs] == ["lost", "done"]


def test_a_server_that_forgets_every_job_stops_the_task(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    bench.server.fault("lose-job")
    with pytest.raises(Permanent) as stopped:
        travel(bench, task, Stage.REBUILD)
    assert stopped.value.reason.code == "job-lost-repeatedly"


def test_a_result_is_erased_at_the_server_once_it_is_here(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.REBUILD)
    pay(bench)
    assert bench.server.state()["erased"] == [task.jobs[0].id]
    assert bench.ports.tasks.get(task.id).jobs[0].erased_at is not None
    assert bench.ports.registry.list(job.OWED) == []


def test_a_job_that_is_waited_for_is_not_erased(bench: Bench) -> None:
    travel(bench, bench.submitted(), Stage.PROCESS)
    pay(bench)
    assert bench.server.state()["erased"] == []
    assert len(bench.ports.registry.list(job.OWED)) == 1


def test_an_erasure_owed_is_paid_when_the_server_is_back_though_the_task_is_gone(bench: Bench) -> None:
    task = travel(bench, bench.submitted(), Stage.PROCESS)
    bench.ports.tasks.delete(task.id, task.revision)
    bench.server.stop()
    stop = threading.Event()
    loop = threading.Thread(
        target=erasure.keep_erasing,
        args=(bench.ports.tasks, bench.ports.registry, lambda: connect(bench), stop),
    )
    loop.start()
    try:
        bench.server.start()
        until(lambda: bench.ports.registry.list(job.OWED) == [])
        assert bench.server.state()["erased"] == [task.jobs[0].id]
    finally:
        stop.set()
        loop.join()


def pay(bench: Bench) -> None:
    erasure.pay(bench.ports.tasks, bench.ports.registry, lambda: connect(bench), threading.Event())

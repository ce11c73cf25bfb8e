"""News of a job with anything in it: it is not understood, or the task that learns it can still be stored."""

from __future__ import annotations

import contextlib
import json

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from petfectior.task import Job, Source, Task
from petfectior.work import Stage
from services.transfer import job
from services.transfer.client import JobStatus

STATES = ["created", "uploading", "queued", "processing", "done", "failed", "expired", "lost", "quarantined"]
NUMBERS = st.floats() | st.integers()
JOB_ID = "0" * 32


@settings(max_examples=400, deadline=None)
@given(
    state=st.sampled_from(STATES) | st.text(max_size=9),
    progress=NUMBERS,
    message=st.text() | st.text(min_size=1).map(lambda text: text * 400),
    expires=NUMBERS | st.none(),
)
@example(state="processing", progress=float("nan"), message="", expires=None)
@example(state="processing", progress=float("inf"), message="", expires=float("-inf"))
@example(state="refused", progress=0.5, message="\0", expires=None)
def test_a_task_survives_what_it_learns(
    state: str, progress: float, message: str, expires: float | None
) -> None:
    source = Source(calling_ae_title="S", called_ae_title="P", address="127.0.0.1")
    task = Task(
        created_at=0.0, updated_at=0.0, frozen_at=0.0, series_key="", source=source, stage=Stage.PROCESS
    )
    task.jobs = [Job(id=JOB_ID, nonce="n", created_at=0.0)]
    news = {"id": JOB_ID, "state": state, "progress": progress, "message": message, "expires": expires}
    with contextlib.suppress(ValidationError):
        job.learn(JobStatus.model_validate(json.loads(json.dumps(news))))(task)
    assert Task.model_validate_json(task.model_dump_json()) == task
    assert task.job is not None
    assert job.usable(task.job) == (task.job.state not in {"failed", "expired"})
    assert 0 <= task.job.progress <= 1
    assert len(task.job.message) <= 200

"""What every TaskStore does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from petfectior.errors import Conflict, NotFound
from petfectior.ports import Order, TaskQuery, TaskStore
from petfectior.task import Series, Source, Task
from petfectior.work import Outcome, Stage, Status, Work
from tests.contract.documents import NOW, a_job, a_task, an_output, settled
from tests.contract.processes import Backend, running

WRITERS = 8
ROUNDS = 10


class TaskStoreContract(ABC):
    """Subclassed once per backend."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Backend:
        """Return an empty backend."""

    @pytest.fixture
    def tasks(self, backend: Backend) -> Iterator[TaskStore]:
        tasks = backend.open()
        yield tasks
        tasks.close()

    def test_a_task_is_read_back_as_it_was_inserted(self, tasks: TaskStore) -> None:
        task = a_task(
            series=Series(patient_name="Ñandú^José=山田", study_description="a \x00 b"), jobs=[a_job()]
        )
        stored = tasks.insert(task)
        assert stored.revision == 1
        assert tasks.get(task.id) == stored == task.model_copy(update={"revision": 1})

    def test_a_missing_task_is_not_found(self, tasks: TaskStore) -> None:
        with pytest.raises(NotFound):
            tasks.get("missing")
        with pytest.raises(NotFound):
            tasks.replace(a_task(revision=1))
        with pytest.raises(NotFound):
            tasks.delete("missing", 1)

    def test_an_id_is_inserted_once(self, tasks: TaskStore) -> None:
        task = a_task()
        tasks.insert(task)
        with pytest.raises(Conflict):
            tasks.insert(task)

    def test_a_task_is_replaced_as_a_whole_by_its_revision(self, tasks: TaskStore) -> None:
        first = tasks.insert(a_task())
        second = tasks.replace(first.model_copy(update={"received": 7, "stage": Stage.UPLOAD}))
        assert second.revision == 2
        assert tasks.get(first.id) == second
        with pytest.raises(Conflict):
            tasks.replace(first.model_copy(update={"received": 9}))
        assert tasks.get(first.id) == second

    def test_a_task_is_deleted_by_its_revision(self, tasks: TaskStore) -> None:
        task = tasks.insert(a_task(jobs=[a_job()], outputs=[an_output("2.25.1")]))
        with pytest.raises(Conflict):
            tasks.delete(task.id, 2)
        tasks.delete(task.id, 1)
        with pytest.raises(NotFound):
            tasks.get(task.id)
        assert tasks.find(TaskQuery(job_id=task.jobs[0].id)) == []

    def test_an_open_key_is_held_by_one_task(self, tasks: TaskStore) -> None:
        first = tasks.insert(a_task(open_key="k"))
        with pytest.raises(Conflict):
            tasks.insert(a_task(open_key="k"))
        other = tasks.insert(a_task())
        with pytest.raises(Conflict):
            tasks.replace(other.model_copy(update={"open_key": "k"}))
        tasks.replace(first.model_copy(update={"open_key": None}))
        assert tasks.insert(a_task(open_key="k")).open_key == "k"

    def test_many_tasks_have_no_open_key(self, tasks: TaskStore) -> None:
        for _ in range(3):
            tasks.insert(a_task())
        assert tasks.count(TaskQuery()) == 3

    def test_racing_writers_lose_no_change(self, tasks: TaskStore, backend: Backend) -> None:
        task = tasks.insert(a_task())
        with ExitStack() as stack:
            writers = [
                stack.enter_context(running("add_notes", backend, task.id, ROUNDS, f"w{index}"))
                for index in range(WRITERS)
            ]
            for writer in writers:
                writer.says("ready")
            for writer in writers:
                writer.go()
            for writer in writers:
                writer.says("done")
        final = tasks.get(task.id)
        codes = [note.reason.code for note in final.notes]
        assert sorted(codes) == sorted(f"w{who}-{index}" for who in range(WRITERS) for index in range(ROUNDS))
        assert final.revision == 1 + WRITERS * ROUNDS

    def test_one_of_racing_inserters_wins_the_open_key(self, tasks: TaskStore, backend: Backend) -> None:
        with ExitStack() as stack:
            racers = [
                stack.enter_context(running("insert_open", backend, f"k{index // 4}")) for index in range(8)
            ]
            for racer in racers:
                racer.says("ready")
            for racer in racers:
                racer.go()
            verdicts = [racer.finish().strip() for racer in racers]
        assert [verdicts[:4].count("won"), verdicts[4:].count("won")] == [1, 1]
        assert tasks.count(TaskQuery()) == 2

    def test_a_writer_killed_at_any_point_leaves_a_whole_document(
        self, tasks: TaskStore, backend: Backend
    ) -> None:
        task = tasks.insert(a_task())
        for index in range(3):
            with running("add_notes", backend, task.id, 100000, f"w{index}") as writer:
                writer.says("ready")
                before = tasks.get(task.id).revision
                writer.go()
                while tasks.get(task.id).revision < before + 5:
                    pass
                writer.kill()
        found = tasks.get(task.id)
        assert len(found.notes) == found.revision - 1
        assert tasks.replace(found).revision == found.revision + 1

    def test_a_query_finds_by_stage_status_and_outcome(self, tasks: TaskStore) -> None:
        waiting = _insert(tasks, Stage.UPLOAD, Status.WAITING)
        failed = _insert(tasks, Stage.UPLOAD, Status.STOPPED, outcome=Outcome.FAILED)
        done = _insert(tasks, Stage.DELIVER, Status.DONE)
        cancelled = _insert(tasks, Stage.REBUILD, Status.STOPPED, outcome=Outcome.CANCELLED)
        assert _ids(tasks, stages=(Stage.UPLOAD,)) == {waiting, failed}
        assert _ids(tasks, stages=(Stage.UPLOAD, Stage.DELIVER)) == {waiting, failed, done}
        assert _ids(tasks, statuses=(Status.STOPPED,)) == {failed, cancelled}
        assert _ids(tasks, stages=(Stage.UPLOAD,), statuses=(Status.STOPPED, Status.DONE)) == {failed}
        assert _ids(tasks, outcomes=("failed", "cancelled")) == {failed, cancelled}
        assert _ids(tasks, outcomes=("failed",), stages=(Stage.REBUILD,)) == set()

    def test_a_query_finds_by_keys(self, tasks: TaskStore) -> None:
        first = tasks.insert(a_task(series_key="s", open_key="s")).id
        second = tasks.insert(a_task(series_key="s")).id
        tasks.insert(a_task(series_key="other", open_key="other"))
        assert _ids(tasks, series_key="s") == {first, second}
        assert _ids(tasks, open_key="s") == {first}
        assert _ids(tasks, open_key="none") == set()

    def test_a_query_finds_by_any_job_and_any_derived_series(self, tasks: TaskStore) -> None:
        task = tasks.insert(a_task(jobs=[a_job()], outputs=[an_output("2.25.1")]))
        tasks.insert(a_task(jobs=[a_job()], outputs=[an_output("2.25.10")]))
        jobs = [*task.jobs, a_job()]
        tasks.replace(task.model_copy(update={"jobs": jobs, "outputs": [*task.outputs, an_output("2.25.2")]}))
        for job in jobs:
            assert _ids(tasks, job_id=job.id) == {task.id}
        for uid in ("2.25.1", "2.25.2"):
            assert _ids(tasks, derived_series_uid=uid) == {task.id}
        assert _ids(tasks, derived_series_uid="2.25") == set()

    def test_a_replaced_output_is_found_no_more(self, tasks: TaskStore) -> None:
        task = tasks.insert(a_task(outputs=[an_output("2.25.1")]))
        tasks.replace(task.model_copy(update={"outputs": [an_output("2.25.2")]}))
        assert _ids(tasks, derived_series_uid="2.25.1") == set()
        assert _ids(tasks, derived_series_uid="2.25.2") == {task.id}

    def test_two_tasks_may_hold_the_same_derived_series(self, tasks: TaskStore) -> None:
        ids = {tasks.insert(a_task(outputs=[an_output("2.25.1")])).id for _ in range(2)}
        assert _ids(tasks, derived_series_uid="2.25.1") == ids

    def test_a_query_finds_what_is_due_for_the_sweeper_first_due_first(self, tasks: TaskStore) -> None:
        late = tasks.insert(_receiving(NOW + 20)).id
        early = tasks.insert(_receiving(NOW + 10)).id
        tasks.insert(_receiving(NOW + 30))
        settled = tasks.insert(a_task(stage=Stage.UPLOAD, work=Work(status=Status.STOPPED))).id
        due = [task.id for task in tasks.find(TaskQuery(sweep_before=NOW + 20))]
        assert due == [early, late]
        assert settled not in _ids(tasks, sweep_before=NOW * 2)
        assert _ids(tasks, sweep_before=NOW + 60, stages=(Stage.UPLOAD,)) == set()

    def test_a_query_finds_by_the_beginning_of_name_or_id(self, tasks: TaskStore) -> None:
        doe = tasks.insert(a_task(series=Series(patient_name="Doe^Jane", patient_id="X-17"))).id
        ana = tasks.insert(a_task(series=Series(patient_name="Núñez^Ana", patient_id="doe-1"))).id
        tasks.insert(a_task(series=Series(patient_name="Roe.*^Jane", patient_id="17")))
        assert _ids(tasks, text="DOE") == {doe, ana}
        assert _ids(tasks, text="doe^j") == {doe}
        assert _ids(tasks, text="NÚÑ") == {ana}
        assert _ids(tasks, text="x-1") == {doe}
        assert _ids(tasks, text=doe[:12]) == _ids(tasks, id_begins=doe[:12]) == {doe}
        assert _ids(tasks, id_begins="doe") == set()
        assert _ids(tasks, text=".*") == set()
        assert _ids(tasks, text="roe.*^") == _ids(tasks, text="Roe.") != set()

    def test_pages_follow_the_time_of_creation_without_gap_or_overlap(self, tasks: TaskStore) -> None:
        ids = [tasks.insert(a_task(created_at=NOW + index // 2)).id for index in range(9)]
        for newest_first in (True, False):
            pages = [
                tasks.find(TaskQuery(offset=offset, limit=4, newest_first=newest_first))
                for offset in (0, 4, 8, 12)
            ]
            assert [len(page) for page in pages] == [4, 4, 1, 0]
            listed = [task for page in pages for task in page]
            assert {task.id for task in listed} == set(ids)
            times = [task.created_at for task in listed]
            assert times == sorted(times, reverse=newest_first)
        assert tasks.count(TaskQuery(offset=4, limit=2)) == 9

    def test_count_agrees_with_find(self, tasks: TaskStore) -> None:
        _insert(tasks, Stage.UPLOAD, Status.WAITING)
        _insert(tasks, Stage.UPLOAD, Status.STOPPED, outcome=Outcome.FAILED)
        for query in (TaskQuery(), TaskQuery(stages=(Stage.UPLOAD,)), TaskQuery(outcomes=("failed",))):
            assert tasks.count(query) == len(tasks.find(query))

    def test_a_count_stops_where_it_is_told(self, tasks: TaskStore) -> None:
        for _ in range(5):
            _insert(tasks, Stage.UPLOAD, Status.WAITING)
        assert [tasks.count(TaskQuery(), most=most) for most in (1, 3, 5, 9)] == [1, 3, 5, 5]

    def test_a_query_finds_by_source_tracer_and_time_of_creation(self, tasks: TaskStore) -> None:
        old = tasks.insert(a_task(created_at=NOW, series=Series(tracer="18F-FDG"))).id
        new = tasks.insert(a_task(created_at=NOW + 10, series=Series(tracer="68Ga-PSMA-11"))).id
        far = Source(calling_ae_title="FAR", called_ae_title="PETFECTIOR", address="192.0.2.2")
        other = tasks.insert(a_task(created_at=NOW + 20, source=far)).id
        assert _ids(tasks, source="SCANNER") == {old, new}
        assert _ids(tasks, source="SCAN") == set()
        assert _ids(tasks, tracer="18f-fdg") == {old}
        assert _ids(tasks, created_from=NOW + 10) == {new, other}
        assert _ids(tasks, created_before=NOW + 10) == {old}
        assert _ids(tasks, created_from=NOW + 1, created_before=NOW + 20, source="SCANNER") == {new}

    def test_several_criteria_are_met_together(self, tasks: TaskStore) -> None:
        far = Source(calling_ae_title="FAR", called_ae_title="PETFECTIOR", address="192.0.2.2")
        kept = {"series": Series(patient_name="Doe^Jane", tracer="FDG"), "source": far, "created_at": NOW + 5}
        done = Work(status=Status.DONE)
        wanted = tasks.insert(a_task(**kept, work=done)).id
        for changed in (
            {"series": Series(patient_name="Roe^Jane", tracer="FDG")},
            {"series": Series(patient_name="Doe^Jane", tracer="PSMA")},
            {"source": far.model_copy(update={"calling_ae_title": "NEAR"})},
            {"created_at": NOW},
            {"work": Work(status=Status.WAITING)},
        ):
            tasks.insert(a_task(**{**kept, "work": done, **changed}))
        given = {"text": "doe", "tracer": "fdg", "source": "FAR", "created_from": NOW + 1}
        for order in Order:
            assert _ids(tasks, **given, statuses=(Status.DONE,), order=order) == {wanted}

    @pytest.mark.parametrize("order", list(Order))
    @pytest.mark.parametrize("newest_first", [True, False])
    def test_pages_follow_the_order_asked_for(
        self, tasks: TaskStore, order: Order, *, newest_first: bool
    ) -> None:
        statuses = (Status.WAITING, Status.WORKING, Status.DONE)
        kept: list[tuple[object, ...]] = []
        for index, name in enumerate(["roe", "Doe", "ábaco", "Zoe", "doe", "ana", "Bea"]):
            task = a_task(
                created_at=NOW + index * 3 % 7,
                updated_at=NOW + index * 5 % 7,
                series=Series(patient_name=name),
                stage=Stage.UPLOAD,
                work=Work(status=statuses[index % 3]),
            )
            key = {
                Order.CREATED: task.created_at,
                Order.UPDATED: task.updated_at,
                Order.PATIENT: name.casefold(),
            }
            tasks.insert(task)
            if task.status is not Status.DONE:
                kept.append((key[order], task.id))
        query = TaskQuery(statuses=statuses[:2], order=order, newest_first=newest_first, limit=2)
        pages = [tasks.find(query.model_copy(update={"offset": offset})) for offset in (0, 2, 4, 6)]
        assert [task.id for page in pages for task in page] == [
            task_id for _, task_id in sorted(kept, reverse=newest_first)
        ]

    def test_an_outline_tells_what_the_document_does(self, tasks: TaskStore) -> None:
        made = [
            tasks.insert(settled(Stage.UPLOAD, Status.STOPPED, outcome=Outcome.FAILED, created_at=NOW)),
            tasks.insert(settled(Stage.DELIVER, Status.DONE, created_at=NOW + 1, updated_at=NOW + 9)),
        ]
        found = tasks.outlines(TaskQuery(newest_first=False))
        assert [one.model_dump() for one in found] == [
            {
                "stage": task.stage,
                "status": task.status,
                "outcome": task.outcome,
                "created_at": task.created_at,
                "updated_at": task.updated_at,
            }
            for task in made
        ]

    def test_the_tally_counts_by_stage_and_status(self, tasks: TaskStore) -> None:
        assert tasks.tally() == {}
        for _ in range(2):
            _insert(tasks, Stage.UPLOAD, Status.WAITING)
        task = tasks.get(_insert(tasks, Stage.UPLOAD, Status.STOPPED, outcome=Outcome.FAILED))
        assert tasks.tally() == {(Stage.UPLOAD, Status.WAITING): 2, (Stage.UPLOAD, Status.STOPPED): 1}
        tasks.delete(task.id, task.revision)
        assert tasks.tally() == {(Stage.UPLOAD, Status.WAITING): 2}


def _insert(tasks: TaskStore, stage: Stage, status: Status, outcome: Outcome | None = None) -> str:
    return tasks.insert(a_task(stage=stage, work=Work(status=status), outcome=outcome)).id


def _receiving(due: float) -> Task:
    return a_task(stage=Stage.RECEIVE, work=Work(due=due))


def _ids(tasks: TaskStore, **fields: object) -> set[str]:
    query = TaskQuery.model_validate(fields)
    found = {task.id for task in tasks.find(query)}
    assert tasks.count(query) == len(found)
    return found

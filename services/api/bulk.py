"""One action on many tasks: each on its own, so that one that cannot be done stops no other."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from petfectior.errors import PetfectiorError
from petfectior.service import Ports
from services.api import problems
from services.api.access.required import Operator
from services.api.dependencies import PortsGiven
from services.api.problems import Problem, answers
from services.api.rendering import page
from services.api.task_actions import Action, do

MOST: Final = 500
TaskId = Annotated[str, StringConstraints(min_length=1, max_length=64)]

router = APIRouter(tags=["tasks"])
pages = APIRouter(include_in_schema=False)


class BulkRequest(BaseModel):
    """Which tasks, and what to do to each."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    tasks: list[TaskId] = Field(min_length=1, max_length=MOST)
    destination: str = Field("", max_length=64, description="name of a device, to resend")


class Verdict(BaseModel):
    """What became of one task."""

    task: str
    done: bool
    problem: Problem | None = Field(None, description="why it could not be done")


class BulkAnswer(BaseModel):
    """What became of each task, in the order asked."""

    done: int
    verdicts: list[Verdict]


@router.post("/api/v1/tasks/bulk", responses=answers(422))
def act_on_many(person: Operator, request: Request, ports: PortsGiven, asked: BulkRequest) -> BulkAnswer:
    """Do one action on many tasks; each has its own verdict, and the answer is 200 even if all failed."""
    verdicts = [
        _verdict(request, ports, asked, task_id, person.name) for task_id in dict.fromkeys(asked.tasks)
    ]
    return BulkAnswer(done=sum(one.done for one in verdicts), verdicts=verdicts)


@pages.post("/tasks/bulk")
def show_acted_on_many(
    person: Operator, request: Request, ports: PortsGiven, asked: Annotated[BulkRequest, Form()]
) -> Response:
    """Do what a person confirmed, and tell what became of it, as a part of the page of tasks."""
    answer = act_on_many(person, request, ports, asked)
    return page(request, "bulk_done.html", {"answer": answer, "action": asked.action.value})


def _verdict(request: Request, ports: Ports, asked: BulkRequest, task_id: str, who: str) -> Verdict:
    try:
        do(ports, task_id, asked.action, asked.destination, who)
    except PetfectiorError as error:
        return Verdict(task=task_id, done=False, problem=problems.problem(request, error))
    return Verdict(task=task_id, done=True)

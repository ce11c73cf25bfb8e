"""``/api/v1/tasks``."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from petfectior import actions, restarting
from services.api.access.required import Operator, Viewer
from services.api.as_seen import as_seen
from services.api.dependencies import Language, PortsGiven
from services.api.presentation import MOST_COUNTED
from services.api.problems import answers
from services.api.task_answers import TaskDetail, TaskPage, detail, summary
from services.api.task_filter import Filtered
from services.api.wording import Wording

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])


class ResendRequest(BaseModel):
    """Where to send the outputs."""

    model_config = ConfigDict(extra="forbid")

    destination: str = Field(min_length=1, max_length=64, description="name of a device")


@router.get("", responses=answers(422))
def list_tasks(person: Viewer, ports: PortsGiven, wanted: Filtered, language: Language) -> TaskPage:
    """Return a page of tasks, newest first unless asked otherwise."""
    query = wanted.query(person)
    wording = Wording(language)
    total = ports.tasks.count(query, MOST_COUNTED + 1)
    return TaskPage(
        total=min(total, MOST_COUNTED),
        more=total > MOST_COUNTED,
        offset=wanted.offset,
        limit=wanted.limit,
        tasks=[summary(as_seen(task, person), wording) for task in ports.tasks.find(query)],
    )


@router.get("/{task_id}", responses=answers(404, 422))
def show_task(person: Viewer, ports: PortsGiven, task_id: str, language: Language) -> TaskDetail:
    """Return all that is known of a task; a viewer is not told who the patient is."""
    return detail(as_seen(ports.tasks.get(task_id), person), Wording(language))


@router.post("/{task_id}/retry", responses=answers(404, 409, 422))
def retry_task(person: Operator, ports: PortsGiven, task_id: str, language: Language) -> TaskDetail:
    """Take up the stopped stage again; its dead letters are taken back."""
    return detail(actions.retry(ports.tasks, ports.bus, task_id, person.name), Wording(language))


@router.post("/{task_id}/restart", status_code=201, responses=answers(404, 409, 422))
def restart_task(person: Operator, ports: PortsGiven, task_id: str, language: Language) -> TaskDetail:
    """Process the stored series again from the beginning, as a task of its own, which is returned."""
    task = restarting.restart(ports.tasks, ports.bus, ports.blobs, task_id, person.name)
    return detail(task, Wording(language))


@router.post("/{task_id}/cancel", responses=answers(404, 409, 422))
def cancel_task(person: Operator, ports: PortsGiven, task_id: str, language: Language) -> TaskDetail:
    """Stop a task. What a workstation already holds stays there."""
    return detail(actions.cancel(ports.tasks, task_id, person.name), Wording(language))


@router.post("/{task_id}/process-as-it-is", responses=answers(404, 409, 422))
def process_task_as_it_is(
    person: Operator, ports: PortsGiven, task_id: str, language: Language
) -> TaskDetail:
    """Let an incomplete series go on with the images that are there."""
    return detail(actions.process_as_it_is(ports.tasks, ports.bus, task_id, person.name), Wording(language))


@router.post("/{task_id}/resend", responses=answers(404, 409, 422))
def resend_task(
    person: Operator, ports: PortsGiven, task_id: str, asked: ResendRequest, language: Language
) -> TaskDetail:
    """Send all outputs to a device, once more or for the first time."""
    task = actions.resend(ports.tasks, ports.bus, ports.registry, task_id, asked.destination, person.name)
    return detail(task, Wording(language))


@router.delete("/{task_id}", status_code=204, response_class=Response, responses=answers(404, 409, 422))
def delete_task(_: Operator, ports: PortsGiven, task_id: str) -> None:
    """Remove an ended task and its stored files; what the server holds stays owed an erasure."""
    actions.delete(ports.tasks, ports.blobs, task_id)

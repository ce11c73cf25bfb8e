"""The pages a person looks at. Live regions are asked for again every second and morphed in place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from petfectior import devices
from petfectior.access.person import Person
from petfectior.errors import PetfectiorError
from petfectior.service import Ports
from petfectior.task import Task
from services.api import problems
from services.api.access.required import Operator, Viewer
from services.api.dependencies import PortsGiven
from services.api.live import unless_seen
from services.api.presentation import choices, task_page, tasks_page
from services.api.problems import Problem
from services.api.rendering import page
from services.api.task_actions import Action, do
from services.api.task_filter import Filtered, TaskFilter

router = APIRouter(include_in_schema=False)


@router.get("/tasks")
def show_tasks(person: Viewer, request: Request, ports: PortsGiven, wanted: Filtered) -> Response:
    """Show a page of tasks."""
    found = tasks_page(request, ports, wanted, person)
    return page(request, "tasks.html", {"list": found, "wanted": wanted, **choices(ports)})


@router.get("/tasks/live")
def show_live_tasks(person: Viewer, request: Request, ports: PortsGiven, wanted: Filtered) -> Response:
    """Show the table alone, or nothing if the visitor has it already."""
    context = {"list": tasks_page(request, ports, wanted, person), "wanted": wanted}
    response = unless_seen(request, page(request, "tasks_live.html", context))
    if request.headers.get("HX-Request"):
        response.headers["HX-Replace-Url"] = wanted.url()
    return response


@router.get("/tasks/{task_id}")
def show_task(person: Viewer, request: Request, ports: PortsGiven, task_id: str, did: str = "") -> Response:
    """Show one task."""
    return _task_response(request, ports, ports.tasks.get(task_id), person, {"did": did})


@router.get("/tasks/{task_id}/live")
def show_live_task(person: Viewer, request: Request, ports: PortsGiven, task_id: str) -> Response:
    """Show what may change of a task, or nothing if the visitor has it already."""
    task = ports.tasks.get(task_id)
    return unless_seen(request, page(request, "task_live.html", {"task": task_page(request, task, person)}))


@router.post("/tasks/{task_id}/{action}")
def act(
    *,
    person: Operator,
    request: Request,
    ports: PortsGiven,
    task_id: str,
    action: Action,
    destination: Annotated[str, Form()] = "",
) -> Response:
    """Do what a person confirmed, and show the task, or why it cannot be."""
    try:
        shown = do(ports, task_id, action, destination, person.name)
    except PetfectiorError as error:
        document = problems.problem(request, error)
        if document.status == 404:  # noqa: PLR2004 - an HTTP status
            raise
        context: dict[str, object] = {"problem": document}
        return _task_response(
            request, ports, ports.tasks.get(task_id), person, context, status=document.status
        )
    there = TaskFilter().url() if action is Action.DELETE else f"/tasks/{shown}?did={action}"
    return RedirectResponse(there, 303)


def _task_response(
    request: Request,
    ports: Ports,
    task: Task,
    person: Person,
    context: dict[str, object],
    *,
    status: int = 200,
) -> Response:
    names = [one.destination.name for one in task.deliveries]
    names += [device.name for device in devices.all_devices(ports.registry)]
    shown = {"task": task_page(request, task, person), "devices": list(dict.fromkeys(names)), **context}
    return page(request, "task.html", shown, status)


def error_page(request: Request, problem: Problem) -> Response:
    """Show a problem to a person."""
    return page(request, "error.html", {"problem": problem}, problem.status)

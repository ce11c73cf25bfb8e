"""The actions on a task by name, as pages and bulk requests ask for them."""

from __future__ import annotations

from enum import StrEnum

from petfectior import actions, restarting
from petfectior.service import Ports


class Action(StrEnum):
    """What a person may do to a task."""

    RETRY = "retry"
    RESTART = "restart"
    PROCESS_AS_IT_IS = "process-as-it-is"
    RESEND = "resend"
    CANCEL = "cancel"
    DELETE = "delete"


def do(ports: Ports, task_id: str, action: Action, destination: str, who: str) -> str:
    """Carry out an action; return the id of the task to look at afterwards.

    Raises
    ------
    NotFound
        If there is no such task or device.
    Conflict
        If the task's state does not allow it.
    """
    match action:
        case Action.RETRY:
            return actions.retry(ports.tasks, ports.bus, task_id, who).id
        case Action.RESTART:
            return restarting.restart(ports.tasks, ports.bus, ports.blobs, task_id, who).id
        case Action.PROCESS_AS_IT_IS:
            return actions.process_as_it_is(ports.tasks, ports.bus, task_id, who).id
        case Action.RESEND:
            return actions.resend(ports.tasks, ports.bus, ports.registry, task_id, destination, who).id
        case Action.CANCEL:
            return actions.cancel(ports.tasks, task_id, who).id
        case Action.DELETE:
            actions.delete(ports.tasks, ports.blobs, task_id)
            return task_id

"""``/api/v1/dead-letters``: events that were parked for a person."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from petfectior import actions
from petfectior.reasons import Reason
from petfectior.service import Ports
from petfectior.topology import QUEUES
from services.api.access.required import Operator, Viewer
from services.api.dependencies import Language, PortsGiven
from services.api.phrases import explained
from services.api.problems import answers
from services.api.task_answers import TaskDetail, detail
from services.api.wording import Wording

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])


class DeadLetterAnswer(BaseModel):
    """A parked event; it holds ids only."""

    id: str
    queue: str
    key: str
    task_id: str
    delivery_id: str | None
    parked_at: float
    reason_code: str
    reason: str = Field(description="the sentence, where the code alone makes one")


@router.get("", responses=answers())
def list_dead_letters(_: Viewer, ports: PortsGiven, language: Language) -> list[DeadLetterAnswer]:
    """Return up to a hundred parked events of each queue, oldest first."""
    return dead_letters(ports, language)


def dead_letters(ports: Ports, language: str) -> list[DeadLetterAnswer]:
    """Return what is parked in all queues, each with its sentence."""
    return [
        DeadLetterAnswer(
            id=letter.id,
            queue=queue,
            key=letter.event.key,
            task_id=letter.event.task_id,
            delivery_id=letter.event.delivery_id,
            parked_at=letter.parked_at,
            reason_code=letter.reason,
            reason=explained(Reason(code=letter.reason), language),
        )
        for queue in QUEUES
        for letter in ports.bus.dead_letters(queue)
    ]


@router.post("/{queue}/{letter_id}/replay", responses=answers(404, 409, 422))
def replay_dead_letter(
    person: Operator, ports: PortsGiven, queue: str, letter_id: str, language: Language
) -> TaskDetail:
    """Retry the task whose event was parked."""
    return detail(actions.replay(ports.tasks, ports.bus, queue, letter_id, person.name), Wording(language))


@router.delete(
    "/{queue}/{letter_id}", status_code=204, response_class=Response, responses=answers(404, 409, 422)
)
def discard_dead_letter(_: Operator, ports: PortsGiven, queue: str, letter_id: str) -> None:
    """Drop a parked event; its task stays stopped."""
    actions.discard(ports.bus, queue, letter_id)

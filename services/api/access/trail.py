"""What of each request goes into the audit trail: every change, every look at a task, every signing in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import structlog
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from petfectior import logs
from petfectior.access import audit
from petfectior.access.audit import Act, Deed
from petfectior.access.person import Person
from petfectior.errors import PetfectiorError
from services.api import live
from services.api.dependencies import ports_of
from services.api.security import SAFE_METHODS, address_of

log = structlog.get_logger()
ACTS: Final = {
    "login": Act.SIGNED_IN,
    "setup": Act.SIGNED_IN,
    "logout": Act.SIGNED_OUT,
    "account": Act.CHANGED_USERS,
    "users": Act.CHANGED_USERS,
    "tokens": Act.CHANGED_USERS,
    "settings": Act.CHANGED_SETTINGS,
    "config": Act.CHANGED_SETTINGS,
    "devices": Act.CHANGED_NETWORK,
    "routes": Act.CHANGED_NETWORK,
    "upload": Act.IMPORTED,
    "imports": Act.IMPORTED,
    "audit": Act.USED_LOG,
}
SIGNING_IN: Final = {("POST", "/login"), ("POST", "/setup"), ("GET", "/login/callback")}
ACTIONS: Final = {"GET": "R", "HEAD": "R", "PUT": "U", "PATCH": "U", "DELETE": "D", "POST": "E"}
DOWNLOADS: Final = "attachment"


async def follow(request: Request, response: Response) -> None:
    """Write down what was asked for, if it is of those that are; the answer does not wait for a store."""
    deed = _deed(request, response)
    if deed is None:
        return
    ports = ports_of(request)
    try:
        await run_in_threadpool(
            audit.record, ports.journal, ports.base.replica, deed, request.path_params.get("task_id")
        )
    except PetfectiorError as error:
        log.error("audit.lost", **logs.describe(error))  # noqa: TRY400 - a traceback quotes values


def _deed(request: Request, response: Response) -> Deed | None:
    route = request.scope.get("route")
    person: Person | None = request.state.person
    parts = [part for part in getattr(route, "path", "").split("/") if part not in {"", "api", "v1"}]
    tells = _signs_in(request) or (person is not None and _is_followed(request, parts))
    if not parts or not tells or live.renews_itself(request) or parts[-1] == "live":
        return None
    return Deed(
        act=_act(request, response, parts),
        action="E" if _signs_in(request) else ACTIONS[request.method],
        outcome=_outcome(response.status_code),
        who=person.name if person else getattr(request.state, "tried", ""),
        role=person.role.value if person else "",
        address=address_of(request),
        target="/".join(str(value) for value in request.path_params.values()),
        how=f"{request.method} {getattr(route, 'path', '')}",
    )


def _signs_in(request: Request) -> bool:
    return (request.method, request.url.path) in SIGNING_IN


def _is_followed(request: Request, parts: list[str]) -> bool:
    if request.method not in SAFE_METHODS:
        return True
    return bool(parts) and (parts[0] == "tasks" or "audit" in parts)


def _act(request: Request, response: Response, parts: list[str]) -> Act:
    if "audit" in parts:
        return Act.USED_LOG
    if parts[0] == "config" and len(parts) > 1:
        return ACTS.get(parts[1], Act.CHANGED_SETTINGS)
    if parts[0] != "tasks":
        return ACTS.get(parts[0], Act.OTHER)
    if request.method == "DELETE" or parts[-1] == "delete" or request.path_params.get("action") == "delete":
        return Act.DELETED
    if DOWNLOADS in response.headers.get("content-disposition", ""):
        return Act.EXPORTED
    return Act.ACCESSED if request.path_params or request.method not in SAFE_METHODS else Act.QUERIED


def _outcome(status: int) -> int:
    if status < HTTPStatus.BAD_REQUEST:
        return 0
    return 4 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 8

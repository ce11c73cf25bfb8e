"""The web application: the server of ``docs/processing-api.yaml``."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError

from simulator.processing_server import admin, jobs_api, package_api, problems, result_api
from simulator.processing_server.engine import Engine
from simulator.processing_server.faults import Fault, Faults, Order
from simulator.processing_server.jobs import Book
from simulator.processing_server.problems import Problem
from simulator.processing_server.storage import Storage

VERSION = "1.0"


@dataclass
class Counts:
    """Bytes of packages and results that crossed the wire, so that a test can see what was resumed."""

    uploaded: int = 0
    downloaded: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    def clear(self) -> None:
        """Count from zero again."""
        self.uploaded = self.downloaded = 0
        self.calls.clear()


def create(
    folder: Path,
    token: str,
    default_model: str,
    keep_seconds: float = 7 * 86400.0,
    orders: list[Order] | None = None,
) -> FastAPI:
    """Return the application over a folder that survives restarts."""
    faults = Faults(orders)
    storage = Storage(folder)
    book = Book(storage, keep_seconds)
    engine = Engine(book, storage, faults)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        engine.start()
        yield
        engine.stop()

    app = FastAPI(title="PETfectior processing API", version=VERSION, lifespan=lifespan)
    app.state.faults, app.state.storage, app.state.book, app.state.engine = faults, storage, book, engine
    app.state.default_model, app.state.token, app.state.counts = default_model, token, Counts()
    app.add_exception_handler(Problem, problems.on_problem)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    for router in (jobs_api.router, package_api.router, result_api.router):
        app.include_router(router, prefix="/v1", dependencies=[Depends(authorised), Depends(up)])
    app.include_router(admin.router, prefix="/admin", dependencies=[Depends(authorised)])
    return app


def authorised(request: Request, authorization: Annotated[str, Header()] = "") -> None:
    """Refuse a call without the token."""
    expected = f"Bearer {request.app.state.token}"
    refused = request.url.path.startswith("/v1") and request.app.state.faults.take(Fault.TOKEN_REFUSED)
    if refused or not secrets.compare_digest(authorization.encode(), expected.encode()):
        raise Problem(401, "token-refused", "The bearer token is not valid", {"WWW-Authenticate": "Bearer"})


def up(request: Request) -> None:
    """Answer 503 while the server is down on order; count the call otherwise."""
    counts: Counts = request.app.state.counts
    order = request.app.state.faults.take(Fault.DOWN)
    if order is not None:
        raise Problem(503, "down", "The server is down", {"Retry-After": f"{order.seconds:.0f}"})
    name = f"{request.method} {request.url.path.split('/')[-1] if 'jobs/' in request.url.path else 'v1'}"
    counts.calls[name] = counts.calls.get(name, 0) + 1

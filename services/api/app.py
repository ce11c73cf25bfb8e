"""The application: routes over ports, with the security that holds for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from petfectior import __version__, logs
from petfectior.errors import PetfectiorError
from petfectior.service import Ports
from services.api import (
    association_pages,
    bulk,
    config,
    csv_export,
    dashboard,
    dead_letters_routes,
    devices_routes,
    doctor_page,
    downloads,
    headers,
    live,
    log_pages,
    pages,
    problems,
    processes_page,
    processes_routes,
    receipt,
    report,
    security,
    settings_routes,
    status_routes,
    tasks_routes,
)
from services.api.access import oidc_pages, trail
from services.api.access import pages as access_pages
from services.api.access.refusals import NotSignedIn
from services.api.body_limit import BodyLimit
from services.api.images import routes as image_routes
from services.api.images.kept import ProjectionStore
from services.api.uploads import routes as uploads

STATIC = Path(__file__).parent / "static"
DESCRIPTION = "Tasks, devices and settings of a PETfectior gateway. Every error is a problem document."

log = structlog.get_logger()
Next = Callable[[Request], Awaitable[Response]]


def application(ports: Ports) -> FastAPI:
    """Build the application over `ports`."""
    app = FastAPI(
        title="PETfectior",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.ports = ports
    app.state.recent = dashboard.Recent(ports.tasks)
    app.state.projections = ProjectionStore(ports.blobs)
    # Fixed paths first: "bulk" is no task's id.
    for router in (
        bulk.router,
        bulk.pages,
        image_routes.router,
        image_routes.pages,
        headers.router,
        headers.pages,
    ):
        app.include_router(router)
    for router in (downloads.router, uploads.router, uploads.pages, dashboard.pages, dashboard.router):
        app.include_router(router)
    for module in (tasks_routes, devices_routes, settings_routes, dead_letters_routes, status_routes, pages):
        app.include_router(module.router)
    for router in (report.router, report.pages, receipt.router, receipt.pages, csv_export.router):
        app.include_router(router)
    for router in (access_pages.router, oidc_pages.router, processes_routes.router, processes_page.router):
        app.include_router(router)
    for router in (association_pages.router, association_pages.pages, log_pages.router, log_pages.pages):
        app.include_router(router)
    for router in (doctor_page.router, doctor_page.pages, *config.ROUTERS):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _document(app)
    _guard(app, security.own_names(ports.base))
    app.add_middleware(BodyLimit)
    for kind in (PetfectiorError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer_error)
    return app


def _document(app: FastAPI) -> None:
    """Add the problem document to the OpenAPI schemas: routes name it, none returns it."""
    document = app.openapi()
    document["components"]["schemas"] |= problems.schemas()


def _guard(app: FastAPI, names: frozenset[str]) -> None:
    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        request.state.person = None
        try:
            security.check_host(request, names)
            security.check_origin(request)
            response = await call_next(request)
        except security.ForeignRequest as error:
            response = problems.answer_error(request, error)
        except Exception as error:  # noqa: BLE001 - a visitor gets an answer, whatever went wrong
            log.error("request.failed", **logs.describe(error))  # noqa: TRY400 - a traceback quotes values
            response = _answer_error(request, error)
        await trail.follow(request, response)
        return security.with_headers(request, response)


def _answer_error(request: Request, error: Exception) -> Response:
    """Answer with a problem document, or with a page if a browser asked for one."""
    if request.url.path.startswith(("/api/", "/health", "/metrics", "/static/")):
        return problems.answer_error(request, error)
    if isinstance(error, NotSignedIn):
        return _lead_to_sign_in(request, error)
    return pages.error_page(request, problems.problem(request, error))


def _lead_to_sign_in(request: Request, error: NotSignedIn) -> Response:
    """Lead a visitor to the sign-in page; what a page asks for by itself is answered 401, and it reloads."""
    if request.method != "GET" or live.renews_itself(request) or "hx-request" in request.headers:
        answer = problems.answer_error(request, error)
        answer.headers["HX-Redirect"] = "/login"
        return answer
    return RedirectResponse(access_pages.sign_in_address(request), 303)

"""The pages and calls of the configuration."""

from __future__ import annotations

from typing import Final

from services.api.config import (
    audit,
    devices_page,
    people_page,
    people_routes,
    routing_page,
    settings_page,
    tables_page,
    tables_routes,
)

# The forms of settings come last: their path takes any name.
ROUTERS: Final = (
    audit.router,
    audit.pages,
    people_routes.router,
    tables_routes.router,
    devices_page.router,
    people_page.router,
    tables_page.router,
    routing_page.router,
    settings_page.router,
)

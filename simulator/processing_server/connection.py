"""Hanging up on a client, as a bad line does."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class Droppable:
    """Outermost ASGI layer: keeps the transport of a request, which only uvicorn's `send` knows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; swallow what `drop` raises."""
        cycle = getattr(send, "__self__", None)
        scope["transport"] = getattr(cycle, "transport", None)
        try:
            await self.app(scope, receive, send)
        except Dropped:
            return


class Dropped(Exception):
    """The connection was closed on purpose."""


async def drop(request: Request) -> NoReturn:
    """Close the connection without an answer."""
    await hang_up(request)
    raise Dropped


async def hang_up(request: Request) -> None:
    """Close the connection once what was written is out."""
    transport: asyncio.Transport | None = request.scope["transport"]
    if transport is not None:
        transport.close()
    await asyncio.sleep(0)

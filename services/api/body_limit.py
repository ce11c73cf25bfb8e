"""No request body larger than what any call needs: a stranger's must not fill the memory."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST: Final = 1 << 20
"""Bytes; settings and devices are far smaller."""
LARGEST_UPLOAD: Final = 2 << 30
"""Bytes of a ZIP of DICOM files: it goes to disk, and only once its sender is known."""
UPLOADS: Final = "/api/v1/uploads"
LINGERS: Final = 5.0
"""Seconds for which the rest of a refused body is read and thrown away."""


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """ASGI middleware that answers 413 once a body is larger than it may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what of its body is read."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_upload = scope["path"] == UPLOADS
        largest = LARGEST_UPLOAD if is_upload else LARGEST
        if _declared(scope, largest) > largest:
            await _refuse(receive, send)
            return
        if is_upload:  # counts what it reads itself
            await self.app(scope, receive, send)
            return
        read = 0
        begun = False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > largest:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLargeError:
            if not begun:
                await _refuse(receive, send)


def _declared(scope: Scope, largest: int) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    text = lengths[0].decode("latin-1") if lengths else "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(1 << 62)) else largest + 1


async def _refuse(receive: Receive, send: Send) -> None:
    body = b'{"type": "about:blank", "title": "Request body too large", "status": 413}'
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    # Closing on bytes that nobody read resets the connection, and the sender would never see the answer.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_discard(receive), LINGERS)
    await send({"type": "http.response.body"})


async def _discard(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        pass

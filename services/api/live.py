"""Live regions: a page asks for a part of itself again, and gets nothing while nothing has changed."""

from __future__ import annotations

import hashlib
from typing import Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

SEEN: Final = "X-Petfectior-Seen"
"""Request and response header: digest of what the visitor has."""
NO_CONTENT: Final = 204


def renews_itself(request: Request) -> bool:
    """Tell whether a page asks by itself, so that it keeps no session alive and is no act of a person."""
    return SEEN in request.headers


def unless_seen(request: Request, response: HTMLResponse) -> Response:
    """Return the region, or nothing if the visitor has it already."""
    digest = hashlib.sha256(response.body).hexdigest()
    if request.headers.get(SEEN) == digest:
        return Response(status_code=NO_CONTENT)
    response.headers[SEEN] = digest
    return response

"""``python -m simulator.processing_server``: runs the server and says where, as one JSON line."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from simulator.processing_server.app import create
from simulator.processing_server.connection import Droppable
from simulator.processing_server.faults import Order


def main(  # noqa: PLR0917 - typer reads options from parameters
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free port")] = 0,
    token: Annotated[str, typer.Option(help="bearer token; empty makes one")] = "",
    model: Annotated[str, typer.Option(help="model for those who ask for none")] = "non-local-means",
    store: Annotated[Path | None, typer.Option(help="where jobs are kept")] = None,
    keep_hours: Annotated[float, typer.Option(help="how long a job is kept")] = 168.0,
    fault: Annotated[list[str] | None, typer.Option(help="FAULT[:TIMES], repeatable")] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file; serves HTTPS")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key")] = None,
) -> None:
    """Run the reference processing server."""
    token = token or os.environ.get("PROCESSING_SERVER_TOKEN", "") or secrets.token_urlsafe(24)
    kept = store or Path(tempfile.mkdtemp(prefix="processing-server-"))
    app = create(kept, token, model, keep_hours * 3600, [Order.parse(text) for text in fault or []])
    listener = socket.create_server((host, port))
    port = listener.getsockname()[1]
    scheme = "https" if certificate else "http"
    line = {"url": f"{scheme}://{host}:{port}", "port": port, "token": token, "folder": str(kept)}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        Droppable(app),
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    typer.run(main)

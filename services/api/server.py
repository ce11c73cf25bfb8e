"""The HTTP server as a loop that ends when its event is set."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

log = structlog.get_logger()


def server(
    app: FastAPI, host: str, port: int, certificate: tuple[Path, Path] | None = None
) -> Callable[[threading.Event], None]:
    """Return a loop that serves `app` until its event is set; port 0 takes a free one.

    With `certificate`, the files of certificate and key, it serves HTTPS.
    """

    def serve(stopping: threading.Event) -> None:
        with listener(host, port) as bound:
            # Search words are in the query, so there is no access log.
            config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
            if certificate is not None:
                config.ssl_certfile, config.ssl_keyfile = certificate
            uvicorn_server = uvicorn.Server(config)
            threading.Thread(target=_watch, args=(stopping, uvicorn_server), daemon=True).start()
            log.info("api.listening", port=bound.getsockname()[1])
            uvicorn_server.run(sockets=[bound])

    return serve


def listener(host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


def _watch(stopping: threading.Event, uvicorn_server: uvicorn.Server) -> None:
    stopping.wait()
    uvicorn_server.should_exit = True

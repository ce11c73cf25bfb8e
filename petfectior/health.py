"""One HTTP port per service: ``/health`` (liveness) and ``/metrics`` (Prometheus). Shows nothing private."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from petfectior import __version__

Checks = Mapping[str, Callable[[], bool]]
_JSON: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep probes out of the log."""


def serve(host: str, port: int, service: str, checks: Checks) -> _Server:
    """Serve health and metrics in a daemon thread; the port taken is ``server.server_port``."""
    metrics = make_wsgi_app()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return metrics(environ, start_response)  # type: ignore[no-any-return]
        if path != "/health":
            start_response("404 Not Found", _JSON)
            return [b'{"title": "Only /health and /metrics are here"}']
        results = {name: check() for name, check in checks.items()}
        well = all(results.values())
        start_response("200 OK" if well else "503 Service Unavailable", _JSON)
        body = {"service": service, "version": __version__, "alive": well, "checks": results}
        return [json.dumps(body).encode()]

    server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server

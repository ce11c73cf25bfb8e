"""Every body that leaves for the server is noted on the task first; see `petfectior.receipts`."""

from __future__ import annotations

import hashlib
import time
from urllib.parse import urlsplit

from pydantic import JsonValue

from petfectior import receipts
from petfectior.handling import Claim
from petfectior.receipts import encoded
from petfectior.settings import Settings
from petfectior.task import Receipt, Task


def leave(claim: Claim, call: str, body: JsonValue, settings: Settings) -> bytes:
    """Note a body on the task and return its bytes, to be sent now. Raises `LeaseLost`."""
    content = encoded(body)
    digest = hashlib.sha256(content).hexdigest()
    kept = receipts.shortened(body, claim.task.package)
    note(claim, call, settings, sha256=digest, size=len(content), body=kept)
    return content


def note(
    claim: Claim, call: str, settings: Settings, *, sha256: str, size: int, body: JsonValue = None
) -> None:
    """Note that such bytes leave; the same bytes for the same call and server are noted once."""
    server = _origin(settings.server_url)
    receipt = Receipt(at=time.time(), call=call, sha256=sha256, size=size, body=body, server=server)
    if not _noted(claim.task, receipt):
        claim.save(lambda task: _append(task, receipt))


def certify(claim: Claim, call: str, fingerprint: str) -> None:
    """Note whose certificate the last such call met; nothing without TLS."""

    def alter(task: Task) -> None:
        last = _last(task, call)
        if last is not None:
            last.certificate = fingerprint

    last = _last(claim.task, call)
    if fingerprint and last is not None and last.certificate != fingerprint:
        claim.save(alter)


def sent_before(task: Task, call: str, job_id: str) -> JsonValue:
    """Return the body that was sent for a job, so that a repeated call repeats it; else None."""
    for receipt in reversed(task.receipts):
        if receipt.call == call and isinstance(receipt.body, dict) and receipt.body.get("id") == job_id:
            return receipts.whole(receipt.body, task.package)
    return None


def _origin(url: str) -> str:
    """Return scheme, host and port of a server's address; never credentials."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _last(task: Task, call: str) -> Receipt | None:
    return next((one for one in reversed(task.receipts) if one.call == call), None)


def _noted(task: Task, receipt: Receipt) -> bool:
    wanted = (receipt.call, receipt.sha256, receipt.server)
    return any((one.call, one.sha256, one.server) == wanted for one in task.receipts)


def _append(task: Task, receipt: Receipt) -> None:
    if not _noted(task, receipt):
        task.receipts.append(receipt)

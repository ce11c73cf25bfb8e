"""How talking to the server fails: out of reach, or answered with a problem.

::

    PetfectiorError
    └── Transient
        └── ServerUnavailable   nothing is wrong with the series; it waits, and no attempt is counted
    Problem                     the server refused this very call (RFC 9457)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from socket import gaierror
from typing import Final

import requests
import urllib3.exceptions

from petfectior.errors import Transient

TYPES: Final = "https://petfectior.org/problems/"
LONGEST_RETRY_AFTER: Final = 3600.0
MOST_DIGITS: Final = 18


def natural(text: str) -> int | None:
    """Return a header's number, or None: a hostile server writes digits that are none, or thousands."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


class ServerUnavailable(Transient):
    """The server cannot be used now: down, unreachable, refusing the token, or not configured."""


class Problem(Exception):
    """The server answered a call with 4xx.

    Parameters
    ----------
    status
        HTTP status.
    code
        Last part of the problem's stable type; "" if the answer was no problem document.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what requests and urllib3 raise into `ServerUnavailable` with the cause's own code."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise ServerUnavailable(cause_of(error)) from error


def cause_of(error: BaseException) -> str:
    """Return the reason code of a failed call: DNS, proxy, TLS, time-out or connection."""
    chain = list(_chain(error))
    if any(isinstance(one, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError) for one in chain):
        return "server-proxy-failed"
    if any(isinstance(one, requests.exceptions.SSLError | urllib3.exceptions.SSLError) for one in chain):
        return "server-tls-failed"
    if any(isinstance(one, gaierror | urllib3.exceptions.NameResolutionError) for one in chain):
        return "server-name-unknown"
    # urllib3 counts a refused connection among the time-outs.
    refused = any(isinstance(one, urllib3.exceptions.NewConnectionError) for one in chain)
    late = any(isinstance(one, requests.Timeout | urllib3.exceptions.TimeoutError) for one in chain)
    if late and not refused:
        return "server-timeout"
    return "server-unreachable"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it wraps, as causes, contexts or arguments."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or one in seen:
            continue
        seen.append(one)
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def check(response: requests.Response) -> requests.Response:
    """Return a response that is no error.

    Raises
    ------
    ServerUnavailable
        401, 407, 429 and 5xx, with the Retry-After that the server asks for; a redirect, too.
    Problem
        Any other 4xx.
    """
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        raise ServerUnavailable("server-token-refused")
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise ServerUnavailable("server-proxy-failed")
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.LOCKED}:
        raise ServerUnavailable("server-busy", retry_after=_retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServerUnavailable("server-failing", retry_after=_retry_after(response))
    if status >= HTTPStatus.BAD_REQUEST:
        raise Problem(status, _code(response))
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise ServerUnavailable("server-speaks-otherwise")
    return response


def _code(response: requests.Response) -> str:
    if "json" not in response.headers.get("Content-Type", ""):
        return ""
    try:
        kind = response.json().get("type", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(kind).rsplit("/", 1)[-1]


def _retry_after(response: requests.Response) -> float | None:
    """Return seconds from a Retry-After of seconds or of a date (RFC 9110 §10.2.3)."""
    text = response.headers.get("Retry-After", "")
    seconds = natural(text)
    if seconds is not None:
        return min(float(seconds), LONGEST_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = (when - datetime.now(UTC)).total_seconds() if when.tzinfo else 0.0
    return min(max(until, 0.0), LONGEST_RETRY_AFTER)

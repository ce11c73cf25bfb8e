"""Structured logs that cannot hold an identifier: only fields of the allow-list pass.

``structlog.get_logger()`` anywhere; an event name (``noun.verb``), then fields. A field that is not in
`ALLOWED` is dropped, and so is the message of an exception that is not ours: libraries quote values.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from petfectior.errors import PetfectiorError
from petfectior.log_file import LogFile

ALLOWED: Final = frozenset(
    """
    event level timestamp service replica version task correlation delivery job part stage status outcome
    code reason count expected received total accepted size offset seconds attempt attempts delay due queue
    threads port path_kind signal pid exit_code http_status dimse_status rule error where check language
    association result contexts bytes free setting url_scheme state progress logger
    """.split()
)


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object:
        """Take one line."""

    def flush(self) -> None:
        """See it off."""


def configure(
    service: str, replica: str, level: str, folder: Path | None = None, journal: Stream | None = None
) -> None:
    """Send JSON lines to stdout, to ``<folder>/<service>.log`` and to the Journal, where these are given."""
    streams: list[Stream] = [sys.stdout]
    if journal is not None:
        streams.append(journal)
    if folder is not None:
        streams.append(LogFile(folder / f"{service}.log"))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _bind(service, replica),
            _reduce_exception,
            _drop_what_is_not_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: _Tee(streams),
        cache_logger_on_first_use=False,
    )
    # Libraries write values into their messages, so of theirs only the fact is kept.
    logging.basicConfig(level=logging.WARNING, handlers=[_ForeignHandler()], force=True)


class _Tee:
    """Writes one line to every stream."""

    def __init__(self, streams: list[Stream]) -> None:
        self.streams = streams

    def msg(self, message: str) -> None:
        for stream in self.streams:
            stream.write(message + "\n")
            stream.flush()

    debug = info = warning = error = critical = msg


class _ForeignHandler(logging.Handler):
    """Logs that a library complained, and where, without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.module}:{record.lineno}"
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        structlog.get_logger().warning(
            "library.warned", logger=record.name.split(".")[0], where=where, error=error
        )


def _bind(service: str, replica: str) -> structlog.typing.Processor:
    def processor(_logger: object, _name: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
        fields.setdefault("service", service)
        fields.setdefault("replica", replica)
        return fields

    return processor


def describe(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an exception: its type, its place, and our own reason's code."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    fields = {"error": type(error).__name__, "where": where}
    if isinstance(error, PetfectiorError):
        fields["code"] = error.reason.code
    return fields


def _reduce_exception(_logger: object, _name: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    error = fields.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        fields.update(describe(error))
    return fields


def _drop_what_is_not_allowed(
    _logger: object, _name: str, fields: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if name in ALLOWED}

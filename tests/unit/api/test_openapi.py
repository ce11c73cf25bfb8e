"""The OpenAPI document, tried by schemathesis: no answer is a 5xx, undocumented or shaped otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from petfectior.access.person import Role
from petfectior.service import Ports
from services.api.app import application
from tests.unit.api.gateway import arriving, connected, failed, serving, token

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TRIES = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, connected(Path(folder)) as ports:
        made: dict[str, Any] = application(ports).openapi()
    return made


@schemathesis.serializer("application/zip")
def as_it_is(_: object, value: object) -> bytes:
    """A body that is no ZIP file, as a stranger may send it."""
    return str(value).encode()


schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ports, str]]:
    """A served gateway with a task that every call may hit."""
    with ExitStack() as stack:
        ports = stack.enter_context(connected(tmp_path_factory.mktemp("openapi")))
        ports.tasks.insert(failed(arriving(id="x")))
        yield ports, stack.enter_context(serving(ports))


@schema.parametrize()
@TRIES
def test_every_call_answers_as_it_is_documented(case: Case, gateway: tuple[Ports, str]) -> None:
    ports, address = gateway
    headers = {"Authorization": f"Bearer {_token(ports)}"}
    case.call_and_validate(base_url=address, headers=headers, checks=CHECKS, timeout=60)


@schema.parametrize()
@settings(TRIES, max_examples=2)
def test_every_call_without_a_token_answers_as_it_is_documented(
    case: Case, gateway: tuple[Ports, str]
) -> None:
    case.call_and_validate(base_url=gateway[1], checks=CHECKS, timeout=60)


def _token(ports: Ports) -> str:
    if ports.base.data_dir not in TOKENS:
        TOKENS[ports.base.data_dir] = token(ports, Role.ADMIN)
    return TOKENS[ports.base.data_dir]


TOKENS: dict[Path, str] = {}

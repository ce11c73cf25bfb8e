"""API tokens for programs: each has a role as its scope and an end; only the digest is kept."""

from __future__ import annotations

import time
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from petfectior.access import secrets
from petfectior.access.person import Role
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Record, Registry

KIND: Final = "token"
PREFIX: Final = "petfectior_"
DAY: Final = 86400.0
Name = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"),
    AfterValidator(str.lower),
]


class Token(BaseModel):
    """What is kept of a token.

    Parameters
    ----------
    scope
        What the program may do, as a role.
    ends_at
        None for a token that lasts until it is revoked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    scope: Role
    created_at: float
    created_by: str
    ends_at: float | None = None


def issue(registry: Registry, name: str, scope: Role, days: float | None, who: str) -> tuple[str, Token]:
    """Make a token; return the secret, which is shown this once, and what is kept.

    Raises
    ------
    Conflict
        If the name is taken.
    pydantic.ValidationError
        If the name does not fit.
    """
    now = time.time()
    ends_at = None if days is None else now + days * DAY
    token = Token(name=name, scope=scope, created_at=now, created_by=who, ends_at=ends_at)
    if any(one.name == token.name for one in all_tokens(registry)):
        raise Conflict("token-exists")
    secret = secrets.fresh(PREFIX)
    registry.put(KIND, secrets.digest(secret), token.model_dump(mode="json"), revision=0)
    return secret, token


def find(registry: Registry, secret: str) -> Token | None:
    """Return the token of a secret, or None if there is none or it has ended."""
    try:
        record = registry.get(KIND, secrets.digest(secret))
    except NotFound:
        return None
    token = Token.model_validate(record.value)
    return None if token.ends_at is not None and token.ends_at < time.time() else token


def all_tokens(registry: Registry) -> list[Token]:
    """Return what is kept of all tokens, by name."""
    return sorted((_token(record) for record in registry.list(KIND)), key=lambda token: token.name)


def revoke(registry: Registry, name: str) -> None:
    """Forget a token: its secret opens nothing any more. Raises `NotFound`."""
    keys = [record.key for record in registry.list(KIND) if _token(record).name == name.lower()]
    if not keys:
        raise NotFound("token-unknown")
    for key in keys:
        registry.delete(KIND, key)


def _token(record: Record) -> Token:
    return Token.model_validate(record.value)

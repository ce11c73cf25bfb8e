"""Passwords: hashed by Argon2id (pwdlib's recommendation), never stored or logged."""

from __future__ import annotations

from functools import cache
from typing import Final

from pwdlib import PasswordHash
from pydantic import SecretStr

from petfectior.errors import Rejected

SHORTEST: Final = 12
LONGEST: Final = 256


def hashed(password: SecretStr) -> str:
    """Return the hash to store. Raises `Rejected` if the password is too short or too long."""
    length = len(password.get_secret_value())
    if not SHORTEST <= length <= LONGEST:
        raise Rejected("password-length", shortest=SHORTEST, longest=LONGEST)
    return _hasher().hash(password.get_secret_value())


def fits(password: SecretStr, stored: str | None) -> bool:
    """Tell whether a password is the one of the hash; it takes as long if there is no hash."""
    if len(password.get_secret_value()) > LONGEST:
        return False
    same = _hasher().verify(password.get_secret_value(), stored or _nobodys())
    return same and stored is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody's password")

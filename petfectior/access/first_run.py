"""The first administrator: there is no default password, so somebody has to be let in without one.

Whoever is at the machine itself may make the first user; from elsewhere it takes a code that
``petfectior users setup-code`` prints.
"""

from __future__ import annotations

import hmac
import time
from typing import Final

from pydantic import SecretStr

from petfectior.access import secrets, users
from petfectior.access.person import Role
from petfectior.access.users import User
from petfectior.errors import Conflict, NotFound, Rejected
from petfectior.ports import Registry

KIND: Final = "first-run"
CODE: Final = "code"
LASTS: Final = 3600.0


def needed(registry: Registry) -> bool:
    """Tell whether there is no user yet."""
    return not registry.list(users.KIND)


def make_code(registry: Registry) -> str:
    """Return a code that is good for an hour. Raises `Conflict` if there are users already."""
    _require_needed(registry)
    code = secrets.fresh()[:16]
    registry.put(KIND, CODE, {"digest": secrets.digest(code), "until": time.time() + LASTS})
    return code


def make_first_user(
    registry: Registry, name: str, password: SecretStr, *, here: bool, code: SecretStr
) -> User:
    """Make the first administrator.

    Parameters
    ----------
    here
        Whether the person is at this machine; else the code must fit.

    Raises
    ------
    Conflict
        If there are users already.
    Rejected
        If the code does not fit, or the password is too short or too long.
    """
    _require_needed(registry)
    if not here and not _fits(registry, code.get_secret_value()):
        raise Rejected("setup-code-wrong")
    user = users.add(registry, name, Role.ADMIN, password)
    registry.delete(KIND, CODE)
    return user


def _require_needed(registry: Registry) -> None:
    if not needed(registry):
        raise Conflict("setup-done")


def _fits(registry: Registry, code: str) -> bool:
    try:
        value = registry.get(KIND, CODE).value
    except NotFound:
        return False
    same = hmac.compare_digest(str(value["digest"]), secrets.digest(code))
    return same and time.time() < float(str(value["until"]))

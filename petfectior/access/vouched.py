"""Users whom an identity provider vouches for: known by the provider's subject, never by a name alone.

The provider decides the role at each signing in; whether the user is disabled is decided here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from petfectior.access import sessions, users
from petfectior.access.person import Role
from petfectior.access.users import User
from petfectior.errors import Conflict, NotFound, Rejected
from petfectior.ports import Registry


def subject_of(issuer: str, subject: str) -> str:
    """Return what is kept of who somebody is at an issuer: the pair is unique and does not change."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


def known(registry: Registry, subject: str) -> User | None:
    """Return the user who signed in as this subject before."""
    return next((one for one in users.all_users(registry) if one.subject == subject), None)


def role_of(claim: JsonValue, roles: Mapping[str, Role]) -> Role | None:
    """Return the highest role that the values of a claim give, or None if they give none."""
    values = claim if isinstance(claim, list) else [claim]
    given = {roles[value] for value in values if isinstance(value, str) and value in roles}
    return next((role for role in reversed(Role) if role in given), None)


def admit(registry: Registry, subject: str, name: str, role: Role) -> User:
    """Return the user of a subject with the role that the provider gives now; the first time, make one.

    Raises
    ------
    Conflict
        If a user of this name is somebody else, or was changed at this moment.
    Rejected
        If the name does not fit.
    """
    user = known(registry, subject)
    if user is None:
        return _make(registry, subject, name, role)
    if user.role is role:
        return user
    # The provider's word holds, even if no administrator is left.
    revision = registry.get(users.KIND, user.name).revision
    new = user.model_copy(update={"role": role})
    registry.put(users.KIND, user.name, new.model_dump(mode="json"), revision=revision)
    return new


def shut_out(registry: Registry, subject: str) -> None:
    """End the sessions of a subject to whom the provider gives no role any more."""
    user = known(registry, subject)
    if user is not None:
        sessions.end_all(registry, user.name)


def _make(registry: Registry, subject: str, name: str, role: Role) -> User:
    try:
        user = User(name=name, role=role, subject=subject)
    except ValidationError as error:
        raise Rejected("oidc-name-invalid") from error
    if _taken(registry, user.name):
        raise Conflict("oidc-name-taken")
    registry.put(users.KIND, user.name, user.model_dump(mode="json"), revision=0)
    return user


def _taken(registry: Registry, name: str) -> bool:
    try:
        registry.get(users.KIND, name)
    except NotFound:
        return False
    return True

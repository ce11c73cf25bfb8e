"""The local users."""

from __future__ import annotations

import time
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from petfectior.access import passwords, sessions
from petfectior.access.person import Role
from petfectior.errors import Conflict, NotFound
from petfectior.ports import Record, Registry

KIND: Final = "user"
Name = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"),
    AfterValidator(str.lower),
]


class User(BaseModel):
    """A person who may sign in.

    Parameters
    ----------
    name
        Unique whatever the case.
    password_hash
        None for a user whom an identity provider vouches for.
    subject
        Who that is at the provider (`petfectior.access.vouched`); None for a local user.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    role: Role
    password_hash: str | None = None
    subject: str | None = None
    disabled: bool = False
    created_at: float = Field(default_factory=time.time)


def all_users(registry: Registry) -> list[User]:
    """Return all users, by name."""
    return [User.model_validate(record.value) for record in registry.list(KIND)]


def get(registry: Registry, name: str) -> User:
    """Return one user. Raises `NotFound`."""
    return _read(registry, name)[0]


def add(registry: Registry, name: str, role: Role, password: SecretStr | None) -> User:
    """Store a new user.

    Raises
    ------
    Conflict
        If the name is taken.
    Rejected
        If the password is too short or too long.
    pydantic.ValidationError
        If the name does not fit.
    """
    user = User(name=name, role=role)
    if password is not None:
        user = user.model_copy(update={"password_hash": passwords.hashed(password)})
    try:
        registry.put(KIND, user.name, user.model_dump(mode="json"), revision=0)
    except Conflict as taken:
        raise Conflict("user-exists") from taken
    return user


def change(registry: Registry, name: str, *, role: Role | None = None, disabled: bool | None = None) -> User:
    """Give a user another role, disable or enable; a disabled one's sessions end.

    Raises
    ------
    NotFound
        If there is no such user.
    Conflict
        If no administrator would be left, another person changed the user meanwhile, or the role of a user
        is to change whom an identity provider vouches for.
    """
    user, record = _read(registry, name)
    if role not in {None, user.role} and user.subject is not None:
        raise Conflict("user-role-by-provider")
    new = user.model_copy(
        update={
            "role": user.role if role is None else role,
            "disabled": user.disabled if disabled is None else disabled,
        }
    )
    if not _administers(new):
        _require_another_administrator(registry, user)
    _write(registry, new, record.revision)
    if new.disabled:
        sessions.end_all(registry, user.name)
    return new


def set_password(registry: Registry, name: str, password: SecretStr) -> User:
    """Give a user another password; the sessions end. Raises `NotFound`, `Rejected` or `Conflict`."""
    user, record = _read(registry, name)
    if user.subject is not None:
        raise Conflict("user-without-password")
    new = user.model_copy(update={"password_hash": passwords.hashed(password)})
    _write(registry, new, record.revision)
    sessions.end_all(registry, user.name)
    return new


def remove(registry: Registry, name: str) -> None:
    """Forget a user; the sessions end.

    Raises
    ------
    NotFound
        If there is no such user.
    Conflict
        If no administrator would be left.
    """
    user, record = _read(registry, name)
    _require_another_administrator(registry, user)
    registry.delete(KIND, user.name, revision=record.revision)
    sessions.end_all(registry, user.name)


def _read(registry: Registry, name: str) -> tuple[User, Record]:
    try:
        record = registry.get(KIND, name.lower())
    except NotFound as error:
        raise NotFound("user-unknown") from error
    return User.model_validate(record.value), record


def _write(registry: Registry, user: User, revision: int) -> None:
    registry.put(KIND, user.name, user.model_dump(mode="json"), revision=revision)


def _administers(user: User) -> bool:
    return user.role is Role.ADMIN and not user.disabled


def _require_another_administrator(registry: Registry, user: User) -> None:
    others = [one for one in all_users(registry) if one.name != user.name and _administers(one)]
    if _administers(user) and not others:
        raise Conflict("user-last-administrator")

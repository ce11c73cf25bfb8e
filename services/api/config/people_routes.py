"""``/api/v1/me``, ``/api/v1/users`` and ``/api/v1/tokens``."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from petfectior.access import tokens, users
from petfectior.access.person import Role
from petfectior.access.tokens import Token
from petfectior.access.users import User
from services.api.access.required import Admin, Viewer
from services.api.dependencies import PortsGiven
from services.api.problems import answers

router = APIRouter(prefix="/api/v1", tags=["access"])


class Me(BaseModel):
    """Whoever asks."""

    name: str
    role: Role


class UserAnswer(BaseModel):
    """A user; the password's hash is not told."""

    name: str
    role: Role
    disabled: bool
    vouched: bool = Field(description="an identity provider knows the password and decides the role")
    created_at: float


class NewUser(BaseModel):
    """A user to add."""

    model_config = ConfigDict(extra="forbid")

    name: users.Name
    role: Role
    password: SecretStr = Field(min_length=12, max_length=256)


class UserChange(BaseModel):
    """What is to change of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = None
    password: SecretStr | None = Field(None, min_length=12, max_length=256)


class NewToken(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: tokens.Name
    scope: Role
    days: float | None = Field(None, gt=0, le=36500, description="ends after so many; else never")


class MadeToken(Token):
    """A new token with its secret."""

    secret: str = Field(description="shown this once")


@router.get("/me", responses=answers())
def show_me(person: Viewer) -> Me:
    """Return who asks and the role."""
    return Me(name=person.name, role=person.role)


@router.get("/users", responses=answers())
def list_users(_: Admin, ports: PortsGiven) -> list[UserAnswer]:
    """Return all users, by name."""
    return [_answer(user) for user in users.all_users(ports.registry)]


@router.post("/users", status_code=201, responses=answers(409, 422))
def add_user(_: Admin, ports: PortsGiven, new: NewUser) -> UserAnswer:
    """Add a user."""
    return _answer(users.add(ports.registry, new.name, new.role, new.password))


@router.patch("/users/{name}", responses=answers(404, 409, 422))
def change_user(_: Admin, ports: PortsGiven, name: str, wanted: UserChange) -> UserAnswer:
    """Change role or password, disable or enable; a disabled user's sessions end at once."""
    if wanted.password is not None:
        users.set_password(ports.registry, name, wanted.password)
    return _answer(users.change(ports.registry, name, role=wanted.role, disabled=wanted.disabled))


@router.delete("/users/{name}", status_code=204, response_class=Response, responses=answers(404, 409, 422))
def remove_user(_: Admin, ports: PortsGiven, name: str) -> None:
    """Remove a user."""
    users.remove(ports.registry, name)


@router.get("/tokens", responses=answers())
def list_tokens(_: Admin, ports: PortsGiven) -> list[Token]:
    """Return what is kept of all tokens."""
    return tokens.all_tokens(ports.registry)


@router.post("/tokens", status_code=201, responses=answers(409, 422))
def make_token(person: Admin, ports: PortsGiven, new: NewToken) -> MadeToken:
    """Make a token; its secret is in this answer and nowhere else."""
    secret, token = tokens.issue(ports.registry, new.name, new.scope, new.days, person.name)
    return MadeToken(**token.model_dump(), secret=secret)


@router.delete("/tokens/{name}", status_code=204, response_class=Response, responses=answers(404, 422))
def revoke_token(_: Admin, ports: PortsGiven, name: str) -> None:
    """Revoke a token."""
    tokens.revoke(ports.registry, name)


def _answer(user: User) -> UserAnswer:
    told = user.model_dump(exclude={"password_hash", "subject"})
    return UserAnswer(**told, vouched=user.subject is not None)

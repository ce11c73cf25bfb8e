"""Signing in by name and password."""

from __future__ import annotations

from pydantic import SecretStr

from petfectior.access import passwords, sessions, throttle, users
from petfectior.access.users import User
from petfectior.errors import Conflict, NotFound
from petfectior.service import Ports
from services.api.access.refusals import NotSignedIn


def sign_in(ports: Ports, name: str, password: SecretStr, address: str) -> tuple[User, str]:
    """Begin a session; return the user and the cookie's value.

    Raises
    ------
    NotSignedIn
        If there is no such user, the password is another, or the user is disabled: it does not say which.
    TooManyFailures
        If it failed too often lately, whether the password is right or not.
    """
    name = name.strip().lower()
    throttle.count(ports.registry, name, address)
    user = _known(ports, name)
    right = passwords.fits(password, user.password_hash if user else None)
    if user is None or user.disabled or not right:
        raise NotSignedIn("sign-in-wrong")
    throttle.forgive(ports.registry, name, address)
    return user, sessions.open_session(ports.registry, user.name, ports.settings())


def change_password(ports: Ports, name: str, present: SecretStr, wanted: SecretStr, address: str) -> None:
    """Give oneself another password; all sessions end.

    Raises
    ------
    NotSignedIn
        If the present password is wrong.
    Conflict
        If an identity provider keeps the password.
    Rejected
        If the new one is too short or too long.
    TooManyFailures
        If the present password was wrong too often lately.
    """
    throttle.count(ports.registry, name, address)
    user = users.get(ports.registry, name)
    if user.subject is not None:
        raise Conflict("user-without-password")
    if not passwords.fits(present, user.password_hash):
        raise NotSignedIn("password-wrong")
    throttle.forgive(ports.registry, name, address)
    users.set_password(ports.registry, name, wanted)


def known_name(ports: Ports, name: str) -> str:
    """Return the name if there is such a user: what else is typed there may be a password."""
    user = _known(ports, name.strip().lower())
    return user.name if user else ""


def is_vouched(ports: Ports, name: str) -> bool:
    """Tell whether an identity provider knows this user's password; a token's name is no user's."""
    user = _known(ports, name)
    return user is not None and user.subject is not None


def _known(ports: Ports, name: str) -> User | None:
    try:
        return users.get(ports.registry, name)
    except NotFound:
        return None

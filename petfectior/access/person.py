"""A person, or a program with a token, and what the role allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Tell whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Person:
    """Whoever asks.

    Parameters
    ----------
    name
        The user's name, or the token's behind ``token:``; the task's history and the audit trail keep it.
    session
        Key of the session, or None for a token.
    """

    name: str
    role: Role
    session: str | None = None

    @property
    def sees_patients(self) -> bool:
        """Whether names, patient IDs and what else identifies a patient is shown: not to a viewer."""
        return self.role.includes(Role.OPERATOR)

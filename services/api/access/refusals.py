"""Why a request is turned away."""

from __future__ import annotations

from petfectior.errors import Rejected


class NotSignedIn(Rejected):
    """Nobody is signed in, or the token is not good."""


class NotAllowed(Rejected):
    """The role does not suffice."""

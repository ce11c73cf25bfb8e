"""Random secrets that are handed out once and kept as a digest only."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

BYTES: Final = 32


def fresh(prefix: str = "") -> str:
    """Return a secret of 256 random bits that fits into a cookie, a header and a file."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a secret: random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()

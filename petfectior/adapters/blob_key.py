"""What a blob's key may look like: segments of letters, digits, dots, dashes and underscores."""

from __future__ import annotations

import re
from typing import Final

from petfectior.errors import Permanent

_SEGMENT: Final = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY: Final = re.compile(rf"{_SEGMENT}(/{_SEGMENT})*\Z")
LONGEST: Final = 512


def checked(key: str) -> str:
    """Return `key` if it can be both a path and an S3 key; no segment begins with a dot.

    Raises
    ------
    Permanent
        If it is anything else.
    """
    if len(key) > LONGEST or not _KEY.match(key):
        raise Permanent("blob-key-invalid")
    return key

"""The bytes of a result, held against its descriptor while they pass once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from petfectior.errors import Quarantined
from services.transfer.result_descriptor import Descriptor


def verify(content: Iterable[bytes], result: Descriptor) -> None:
    """Check length and digests of the whole and of each block.

    Parameters
    ----------
    content
        All bytes of the result, in pieces of any length.

    Raises
    ------
    Quarantined
        ``result-length-wrong`` or ``result-digest-wrong``.
    """
    pieces = iter(content)
    whole = hashlib.sha256()
    held = b""
    for block in result.blocks:
        part, left = hashlib.sha256(), block.size
        while left:
            held = held or next(pieces, b"")
            if not held:
                raise Quarantined("result-length-wrong")
            taken, held = held[:left], held[left:]
            part.update(taken)
            whole.update(taken)
            left -= len(taken)
        if part.hexdigest() != block.sha256:
            raise Quarantined("result-digest-wrong")
    if held or next(pieces, b""):
        raise Quarantined("result-length-wrong")
    if whole.hexdigest() != result.sha256:
        raise Quarantined("result-digest-wrong")

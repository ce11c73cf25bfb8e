"""UIDs of derived objects: the same for a repeated stage, never the same for another task (PS3.5 9, B.2)."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

LONGEST: Final = 64
_NAMESPACE: Final = UUID("0d8b21c1-24c4-5c5c-9d4e-8a4c4f2a8b5e")


def derived_uid(root: str, task_id: str, rule: str, source_uid: str, frame: int | None = None) -> str:
    """Return the UID of what `rule` makes of `source_uid` in one task.

    Parameters
    ----------
    root
        ``2.25`` for UUID-derived UIDs (PS3.5 B.2), or the site's own root.
    rule
        Id of the output: two outputs of one task never share a UID.
    source_uid
        SeriesInstanceUID or SOPInstanceUID of the source.
    frame
        Frame of a multi-frame source, from 1.

    Returns
    -------
    str
        At most 64 characters.

    Raises
    ------
    ValueError
        If the root leaves fewer than 33 digits (110 bits), too few to be unique by chance.
    """
    stem = root.strip(".")
    room = LONGEST - len(stem) - 1
    if room < 33:  # noqa: PLR2004 - see Raises
        raise ValueError("the UID root is too long")
    name = "\0".join([task_id, rule, source_uid, "" if frame is None else str(frame)])
    number = uuid5(_NAMESPACE, name).int
    return f"{stem}.{number % 10**room}"

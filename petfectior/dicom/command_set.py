"""Command sets of C-STORE, read and written by hand (PS3.7 9.3.1, E.1).

Implicit VR Little Endian, whatever the presentation context's transfer syntax is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

C_STORE_RQ: Final = 0x0001
C_STORE_RSP: Final = 0x8001
NO_DATASET: Final = 0x0101

AFFECTED_SOP_CLASS_UID: Final = 0x0002
COMMAND_FIELD: Final = 0x0100
MESSAGE_ID: Final = 0x0110
MESSAGE_ID_RESPONDED_TO: Final = 0x0120
COMMAND_DATA_SET_TYPE: Final = 0x0800
STATUS: Final = 0x0900
AFFECTED_SOP_INSTANCE_UID: Final = 0x1000

_HEAD: Final = struct.Struct("<HHI")
_LONGEST_UID: Final = 64


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """A C-STORE-RQ."""

    message_id: int
    sop_class_uid: str
    sop_instance_uid: str


def element(number: int, value: bytes) -> bytes:
    """Encode one element of group 0000."""
    return _HEAD.pack(0, number, len(value)) + value


def us(number: int, value: int) -> bytes:
    """Encode an element with one unsigned short."""
    return element(number, value.to_bytes(2, "little"))


def uid(number: int, value: str) -> bytes:
    """Encode an element with a UID."""
    encoded = value.encode("ascii")
    return element(number, encoded + b"\0" * (len(encoded) % 2))


def whole(elements: bytes) -> bytes:
    """Return the command set of `elements`, led by its group length."""
    return element(0x0000, struct.pack("<I", len(elements))) + elements


def values(command: bytes) -> dict[int, bytes]:
    """Return element number → raw value.

    Raises
    ------
    ValueError
        If it is no whole command set.
    """
    found: dict[int, bytes] = {}
    position = 0
    while position < len(command):
        if position + _HEAD.size > len(command):
            raise ValueError("an element's head is cut off")
        group, number, length = _HEAD.unpack_from(command, position)
        position += _HEAD.size + length
        if group or position > len(command):
            raise ValueError("an element is cut off, or of another group")
        found[number] = command[position - length : position]
    return found


def number(command: dict[int, bytes], wanted: int) -> int | None:
    """Return an unsigned short, None if it is absent or of another size."""
    raw = command.get(wanted, b"")
    return int.from_bytes(raw, "little") if len(raw) == 2 else None  # noqa: PLR2004 - bytes of VR US


def store_request(command: dict[int, bytes]) -> StoreRequest | None:
    """Return the C-STORE-RQ that `command` is; None if it is another message, or not a well-formed one."""
    message_id = number(command, MESSAGE_ID)
    kind = number(command, COMMAND_FIELD)
    if (
        kind != C_STORE_RQ
        or message_id is None
        or number(command, COMMAND_DATA_SET_TYPE) in {None, NO_DATASET}
    ):
        return None
    sop_class, sop_instance = (
        command.get(one, b"").rstrip(b" \0") for one in (AFFECTED_SOP_CLASS_UID, AFFECTED_SOP_INSTANCE_UID)
    )
    if not (_is_uid(sop_class) and _is_uid(sop_instance)):
        return None
    return StoreRequest(message_id, sop_class.decode("ascii"), sop_instance.decode("ascii"))


def store_response(request: StoreRequest, status: int) -> bytes:
    """Return the command set of a C-STORE-RSP."""
    return whole(
        uid(AFFECTED_SOP_CLASS_UID, request.sop_class_uid)
        + us(COMMAND_FIELD, C_STORE_RSP)
        + us(MESSAGE_ID_RESPONDED_TO, request.message_id)
        + us(COMMAND_DATA_SET_TYPE, NO_DATASET)
        + us(STATUS, status)
        + uid(AFFECTED_SOP_INSTANCE_UID, request.sop_instance_uid)
    )


def _is_uid(value: bytes) -> bool:
    return 0 < len(value) <= _LONGEST_UID and not value.translate(None, b"0123456789.")

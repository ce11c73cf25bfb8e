"""What the command line prints of an error: what is wrong, where, and what to do."""

from __future__ import annotations

from pydantic import ValidationError

from petfectior.errors import PetfectiorError
from petfectior.reasons import sentence


def explained(error: Exception) -> str:
    """Return the sentence of one of our errors, or the fields that do not fit."""
    if isinstance(error, PetfectiorError):
        return sentence(error.reason)
    if isinstance(error, ValidationError):
        faults = ((".".join(map(str, one["loc"])), one["msg"]) for one in error.errors())
        return "; ".join(f"{where}: {message}" if where else message for where, message in faults)
    return str(error)

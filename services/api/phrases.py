"""Reasons in words, whatever a newer service may have written."""

from __future__ import annotations

from petfectior.reasons import Reason, sentence


def explained(reason: Reason, language: str) -> str:
    """Return the sentence of a reason, or its bare code if this release does not know it."""
    try:
        return sentence(reason, language)
    except (KeyError, IndexError):
        return reason.code

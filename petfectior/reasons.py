"""Why a task stopped or waits: a stable code, its parameters, and the sentence a person reads.

Codes are never translated; sentences are looked up in the catalogue of `petfectior.sentences`
when they are shown. A reason travels through logs and messages, so its parameters are numbers
and words of the DICOM standard, never a value that identifies a patient.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from petfectior.sentences import CATALOGUE, LANGUAGES


class Reason(BaseModel):
    """A stable code and the numbers that belong to it."""

    model_config = ConfigDict(frozen=True)

    code: str
    params: dict[str, str | float] = Field(default_factory=dict)

    def __str__(self) -> str:
        details = " ".join(f"{name}={value}" for name, value in sorted(self.params.items()))
        return f"{self.code} {details}".rstrip()


def sentence(reason: Reason, language: str = "en") -> str:
    """Return what a person reads: what happened, and what to do about it.

    Parameters
    ----------
    reason
        The reason to put in words.
    language
        ``en`` or ``es``; any other is answered in English.

    Raises
    ------
    KeyError
        If the code is not in the catalogue, or a parameter that its sentence needs is missing.
    """
    texts = CATALOGUE[reason.code]
    template = texts[LANGUAGES.index(language) if language in LANGUAGES else 0]
    return template.format(**{name: _shown(value) for name, value in reason.params.items()})


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else f"{value:.6g}"

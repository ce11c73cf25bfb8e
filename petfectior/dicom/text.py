"""Raw text values to characters and back, under SpecificCharacterSet (0008,0005).

Decoding is for showing only: nothing that is stored or sent is ever decoded and encoded again.
"""

from __future__ import annotations

import unicodedata
import warnings
from typing import Final

from pydicom import charset as character_sets

REPLACEMENT: Final = b"?"
_DELIMITERS: Final = set(b"\\^=")


def display(value: bytes, charset: bytes) -> str:
    """Decode a raw text value for a person; never raises.

    Parameters
    ----------
    value
        The value as it stands in the dataset.
    charset
        The raw SpecificCharacterSet of the same dataset; empty for the default repertoire.

    Returns
    -------
    str
        Without padding and control characters; what cannot be decoded shows as U+FFFD.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns with the value in its text
        try:
            text = character_sets.decode_bytes(value, _encodings(charset), _DELIMITERS)
        except (LookupError, ValueError, TypeError):
            text = value.decode("utf-8", "replace")
    shown = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return shown.strip()


def encode(text: str, charset: bytes, limit: int) -> bytes:
    """Encode a text for a dataset that declares `charset`.

    Parameters
    ----------
    limit
        Largest number of characters (PS3.5 §6.2), not bytes.

    Returns
    -------
    bytes
        Characters that the first declared set lacks are replaced by a question mark. Not padded.
    """
    clean = "".join(c for c in text if unicodedata.category(c)[0] != "C" and c != "\\")[:limit].strip()
    encoding = _encodings(charset)[0]
    # The default repertoire is ASCII, which pydicom reads as Latin-1 (PS3.5 §6.1.2.1); and code
    # extensions are not worth an escape sequence in a description.
    if encoding.startswith("iso2022") or encoding in {character_sets.default_encoding, "shift_jis"}:
        encoding = "ascii"
    return b"".join(_character(c, encoding) for c in clean)


def _character(character: str, encoding: str) -> bytes:
    try:
        return character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore")
        return plain[:1] or REPLACEMENT


def _encodings(charset: bytes) -> list[str]:
    terms = [term.strip() for term in charset.decode("ascii", "replace").strip(" \0").split("\\")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return character_sets.convert_encodings(terms)
    except (LookupError, ValueError):
        return [character_sets.default_encoding]

"""What pydantic finds wrong with a value, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.api.language import catalogue


def _(text: str) -> str:
    """Mark a text for the catalogues; it is translated when it is shown."""
    return text


TEXTS: Final = {
    "missing": _("This is missing."),
    "extra_forbidden": _("There is no such field."),
    "greater_than": _("It must be greater than {gt}."),
    "greater_than_equal": _("It must be at least {ge}."),
    "less_than": _("It must be less than {lt}."),
    "less_than_equal": _("It must be {le} at most."),
    "string_too_short": _("It must have at least {min_length} characters."),
    "string_too_long": _("It must have {max_length} characters at most."),
    "string_pattern_mismatch": _("Some character in it does not fit here."),
    "literal_error": _("It must be one of: {expected}."),
    "enum": _("It must be one of: {expected}."),
    "int_parsing": _("It must be a whole number."),
    "int_from_float": _("It must be a whole number."),
    "int_type": _("It must be a whole number."),
    "float_parsing": _("It must be a number."),
    "float_type": _("It must be a number."),
    "finite_number": _("It must be a number."),
    "bool_parsing": _("It must be yes or no."),
    "bool_type": _("It must be yes or no."),
    "string_type": _("It must be text."),
    "dict_type": _("It must be a list of names and values."),
    "json_invalid": _("This is no JSON."),
}
OURS: Final = {
    "an AE title has 1 to 16 ASCII characters without a backslash (PS3.5 6.2)": _(
        "An AE title has 1 to 16 ASCII characters, without a backslash."
    ),
    "an address is an IP address or a host name": _("An address is an IP address or a host name."),
    "unknown radionuclide": _("This radionuclide is not known."),
    "not a published name": _("This is not a published name."),
}
OTHER: Final = _("This does not fit.")


def text(error: Mapping[str, Any], language: str) -> str:
    """Return the sentence for one of pydantic's errors."""
    translate = catalogue(language).gettext
    context = error.get("ctx", {})
    known = OURS.get(str(context.get("error", ""))) or TEXTS.get(error["type"], OTHER)
    numbers = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    return translate(known).format(**numbers)

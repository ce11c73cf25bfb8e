"""Every text of the pages exists in Spanish, with the same places for values."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from petfectior.sentences import LANGUAGES
from services.api.language import LOCALE, catalogue
from services.api.wording import Wording

API = LOCALE.parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


def texts() -> set[str]:
    found = extract_from_dir(API, METHODS)
    return {ids[0] if isinstance(ids, tuple) else ids for _, _, ids, _, _ in found}


def spanish() -> Catalog:
    path = LOCALE / "es" / "LC_MESSAGES" / "messages.po"
    return read_po(BytesIO(path.read_bytes()), locale="es")


def forms(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string or ""]


def test_every_text_is_translated() -> None:
    translated = {
        message.id[0] if isinstance(message.id, tuple | list) else message.id
        for message in spanish()
        if message.id and all(forms(message)) and not message.fuzzy
    }
    assert len(texts()) > 100
    assert texts() == translated


def test_translations_keep_the_places_for_values() -> None:
    for message in spanish():
        if message.id:
            first = message.id[0] if isinstance(message.id, tuple | list) else message.id
            for form in forms(message):
                assert set(PLACES.findall(form)) == set(PLACES.findall(first)), first


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_catalogue(language: str) -> None:
    assert catalogue(language).gettext("Tasks") == {"en": "Tasks", "es": "Tareas"}[language]


@pytest.mark.parametrize(
    ("seconds", "english", "spanish_text"),
    [
        (0.04, "0.0 s", "0,0 s"),
        (4.26, "4.3 s", "4,3 s"),
        (75, "1 min 15 s", "1 min 15 s"),
        (3_840, "1 h 04 min", "1 h 04 min"),
        (90_000, "1 d 01 h", "1 d 01 h"),
    ],
)
def test_durations_have_two_units(seconds: float, english: str, spanish_text: str) -> None:
    assert Wording("en").duration(seconds) == english
    assert Wording("es").duration(seconds) == spanish_text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("DOE^JANE^M", "DOE, JANE M"),
        ("DOE", "DOE"),
        ("^JANE", "JANE"),
        ("", ""),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎)"),
        ("=山田^太郎", "山田, 太郎"),
    ],
)
def test_names_are_shown_as_people_write_them(name: str, shown: str) -> None:
    assert Wording("en").person(name) == shown


def test_the_catalogue_folder_is_shipped_with_the_service() -> None:
    assert Path(API / "locale" / "babel.cfg").is_file()

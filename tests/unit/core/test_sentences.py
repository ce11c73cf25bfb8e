from __future__ import annotations

import re
from string import Formatter

import pytest

from petfectior.reasons import Reason, sentence
from petfectior.sentences import CATALOGUE
from tests.conftest import ROOT

RAISED = re.compile(
    r"(?:Transient|Busy|Permanent|Quarantined|Rejected|Conflict|NotFound|Reason|NotSignedIn|NotAllowed|ForeignRequest"
    r"|TooManyFailures|ProtocolError|Rejection|PeerSilent|ImportStoppedError|_dismiss|Result\.[A-Z]+)"
    r"(?:\(|, )(?:[\w.()]+, )?\s*"
    r'(?:code=)?"([a-z0-9-]+)"'
)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _raised() -> set[str]:
    sources = [path for folder in ("petfectior", "services") for path in (ROOT / folder).rglob("*.py")]
    return {code for path in sources for code in RAISED.findall(path.read_text())}


def test_every_code_that_is_raised_has_its_sentences() -> None:
    raised = _raised()
    assert len(raised) > 20
    assert sorted(raised - CATALOGUE.keys()) == []


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_say_the_same_with_the_same_values(code: str) -> None:
    english, spanish = CATALOGUE[code]
    assert english.strip()
    assert spanish.strip()
    assert _fields(english) == _fields(spanish)


def test_numbers_are_shown_without_a_tail() -> None:
    reason = Reason(code="attempts-used-up", params={"attempts": 5.0})
    assert "5 times" in sentence(reason)
    assert "5 veces" in sentence(reason, "es")

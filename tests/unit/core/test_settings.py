from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from petfectior import settings
from petfectior.adapters.sqlite_registry import SqliteRegistry
from petfectior.errors import Conflict, NotFound, Rejected
from petfectior.settings import Settings


@pytest.fixture
def registry(tmp_path: Path) -> SqliteRegistry:
    return SqliteRegistry(tmp_path / "store")


def test_a_stored_value_is_in_effect_and_the_environment_wins(
    registry: SqliteRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.store(Settings(), registry, "quiet_seconds", 7)
    assert settings.effective(Settings(), registry).quiet_seconds == 7
    monkeypatch.setenv("PETFECTIOR_QUIET_SECONDS", "3")
    fixed = Settings()
    assert settings.effective(fixed, registry).quiet_seconds == 3
    with pytest.raises(Conflict):
        settings.store(fixed, registry, "quiet_seconds", 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quiet_seconds", "soon"),
        ("delivery_hours", float("inf")),
        ("quiet_seconds_by_sender", {"A": -5}),
        ("uid_root", "1..2."),
        ("uid_root", "2.25.01"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(registry: SqliteRegistry, name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        settings.store(Settings(), registry, name, value)
    assert registry.list(settings.KIND) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [("ftp://server", "server-address-invalid"), ("http://server.example", "server-insecure")],
)
def test_a_server_that_could_not_be_used_is_refused_at_once(
    registry: SqliteRegistry, url: str, code: str
) -> None:
    with pytest.raises(Rejected) as refused:
        settings.store(Settings(), registry, "server_url", url)
    assert refused.value.reason.code == code


def test_an_unknown_setting_is_refused(registry: SqliteRegistry) -> None:
    with pytest.raises(NotFound):
        settings.store(Settings(), registry, "nonsense", 1)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "petfectior_server_token").write_text("word")
    told = Settings(_secrets_dir=tmp_path)
    assert told.server_token.get_secret_value() == "word"
    assert "word" not in repr(told)

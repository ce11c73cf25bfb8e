from __future__ import annotations

import json
import logging
from pathlib import Path

import structlog

from petfectior.errors import Permanent


def _lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_only_fields_of_the_allow_list_reach_the_log(log_file: Path) -> None:
    structlog.get_logger().info("part.sealed", count=3, patient_name="DOE^JANE", uid="1.2.3")
    [line] = _lines(log_file)
    assert line["count"] == 3
    assert line["service"] == "scp"
    assert "DOE" not in json.dumps(line)
    assert "1.2.3" not in json.dumps(line)


def test_a_foreign_exception_is_logged_without_its_message(log_file: Path) -> None:
    try:
        _quote("DOE^JANE")
    except ValueError:
        structlog.get_logger().exception("part.failed")
    [line] = _lines(log_file)
    assert line["error"] == "ValueError"
    assert str(line["where"]).startswith("test_logs.py:")
    assert "DOE" not in json.dumps(line)


def test_our_own_exception_keeps_its_code(log_file: Path) -> None:
    structlog.get_logger().warning("part.failed", exc_info=Permanent("blob-missing"))
    [line] = _lines(log_file)
    assert line["code"] == "blob-missing"


def test_a_library_that_quotes_a_value_is_silenced_to_the_fact(log_file: Path) -> None:
    logging.getLogger("pydicom").warning("Invalid value for VR PN: 'DOE^JANE'")
    [line] = _lines(log_file)
    assert line["logger"] == "pydicom"
    assert "DOE" not in json.dumps(line)


def _quote(value: str) -> None:
    """Fail as a library does that quotes what it was given."""
    raise ValueError(value)

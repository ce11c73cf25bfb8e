"""What unit tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from petfectior import logs


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """File that this test's process logs to, as a service would; afterwards logging is as it was."""
    handlers = logging.root.handlers[:]
    logs.configure("scp", "scp-0", "info", tmp_path)
    yield tmp_path / "scp.log"
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers

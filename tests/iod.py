"""dciodvfy (dicom3tools) as second opinion on what the standard asks of an instance."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def errors(path: Path) -> set[str]:
    """Return the errors that dciodvfy reports of a file, without the values that they quote."""
    ran = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    lines = (ran.stdout + ran.stderr).decode("latin-1").splitlines()
    return {re.sub(r"\(\d+ dec\)|0x[0-9a-f]+|'.*'", "", line) for line in lines if line.startswith("Error")}

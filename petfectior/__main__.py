"""``python -m petfectior`` is the ``petfectior`` command."""

from petfectior.cli import app

app()

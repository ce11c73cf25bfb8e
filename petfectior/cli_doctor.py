"""``petfectior doctor``: looks at everything that the gateway needs."""

from __future__ import annotations

import typer
from rich.console import Console

from petfectior import settings as stored
from petfectior.doctor import examine
from petfectior.reasons import sentence
from petfectior.settings import Settings
from petfectior.wiring import connect

SIGNS = {"good": "[green]good   [/green]", "warning": "[yellow]warning[/yellow]", "bad": "[red]bad    [/red]"}


def doctor() -> None:
    """Check ports, devices, server, clock, disk, certificate and versions; each finding says its remedy."""
    ports = connect(Settings())
    language = stored.effective(ports.base, ports.registry).language
    console = Console(highlight=False)
    findings = examine(ports)
    for one in findings:
        subject = f" {one.subject}" if one.subject else ""
        console.print(f"{SIGNS[one.verdict]} {one.check}{subject}: ", end="")
        console.print(sentence(one.reason, language), markup=False)
    raise typer.Exit(int(any(one.verdict == "bad" for one in findings)))

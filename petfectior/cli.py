"""The ``petfectior`` command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from petfectior import __version__, certificate, supervisor
from petfectior import settings as stored
from petfectior.cli_devices import devices
from petfectior.cli_doctor import doctor
from petfectior.cli_errors import explained
from petfectior.cli_import import import_folder
from petfectior.cli_package import package
from petfectior.cli_settings import settings
from petfectior.cli_tokens import tokens
from petfectior.cli_users import users
from petfectior.errors import PetfectiorError
from petfectior.ports import TaskQuery
from petfectior.reasons import sentence
from petfectior.settings import Settings
from petfectior.wiring import connect

app = typer.Typer(
    help="PETfectior: a DICOM node that lends a hospital a remote PET-processing service.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
app.command("import")(import_folder)
app.add_typer(devices, name="devices")
app.add_typer(settings, name="settings")
app.add_typer(package, name="package")
app.add_typer(users, name="users")
app.add_typer(tokens, name="tokens")
app.command()(doctor)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def run() -> None:
    """Run all services on this machine, supervised; Ctrl-C stops them cleanly."""
    try:
        code = supervisor.run()
    except supervisor.AlreadyRunningError as error:
        typer.echo(
            f"PETfectior already runs on {error}. Stop it first, or set PETFECTIOR_DATA_DIR.", err=True
        )
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(
            f"The data folder cannot be used: {error}. Set PETFECTIOR_DATA_DIR to a folder of yours.",
            err=True,
        )
        raise typer.Exit(2) from error
    raise typer.Exit(code)


@app.command()
def fingerprint() -> None:
    """Print the SHA-256 of the pages' certificate, to compare with what a browser shows."""
    try:
        files = certificate.files(Settings())
    except PetfectiorError as error:
        typer.echo(explained(error), err=True)
        raise typer.Exit(2) from error
    if files is None:
        typer.echo(
            "The pages are served without HTTPS. Set PETFECTIOR_API_TLS to self-signed or own.", err=True
        )
        raise typer.Exit(2)
    typer.echo(certificate.fingerprint(files[0]))


@app.command()
def demo(
    series: Annotated[Path | None, typer.Option(help="Folder of a PET series; else a phantom.")] = None,
    model: Annotated[str, typer.Option(help="Model of the simulated server.")] = "gaussian",
    keep: Annotated[Path | None, typer.Option(help="Keep all data of the run in this folder.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Send a series through the whole gateway, with a simulated scanner, server and workstation."""
    arguments = ["--model", model]
    for name, value in (("--series", series), ("--keep", keep)):
        arguments += [name, str(value)] if value is not None else []
    arguments += ["--json"] if json else []
    raise typer.Exit(_module("simulator.demo", arguments))


@app.command()
def send(
    folder: Annotated[Path, typer.Argument(help="Folder of DICOM files.", exists=True)],
    to: Annotated[str, typer.Option(help="AET@host:port")],
    calling: Annotated[str, typer.Option(help="Our AE title.")] = "PETFECTIOR_SEND",
) -> None:
    """Send a folder by C-STORE, as a scanner would."""
    raise typer.Exit(
        _module("simulator.scanner", ["--series", str(folder), "--to", to, "--calling", calling])
    )


@app.command()
def tasks(limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20) -> None:
    """List the newest tasks."""
    ports = connect(Settings())
    language = stored.effective(ports.base, ports.registry).language
    table = Table("task", "stage", "status", "images", "reason")
    for task in ports.tasks.find(TaskQuery(limit=limit)):
        reason = sentence(task.work.reason, language) if task.work.reason else ""
        images = f"{task.received}/{task.expected or '?'}"
        table.add_row(task.id[:12], task.stage, task.outcome or task.status, images, reason)
    Console().print(table)


def _module(name: str, arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", name, *arguments], check=False).returncode

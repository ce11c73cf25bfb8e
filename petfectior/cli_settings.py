"""``petfectior settings``: what may be changed while the services run."""

from __future__ import annotations

import json

import typer
from pydantic import JsonValue, SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from petfectior import settings as stored
from petfectior.cli_errors import explained
from petfectior.errors import PetfectiorError
from petfectior.settings import Settings
from petfectior.wiring import connect

settings = typer.Typer(help="Settings that may be changed while the services run.", no_args_is_help=True)


@settings.command("get")
def get(name: str = typer.Argument("", help="One setting; all of them if not given.")) -> None:
    """Show settings in force; those that the environment fixes are marked."""
    ports = connect(Settings())
    now = stored.effective(ports.base, ports.registry)
    names = [one for one in stored.stored_names() if name in {"", one}]
    if not names:
        typer.echo(f"There is no setting named {name!r}; `petfectior settings get` lists them.", err=True)
        raise typer.Exit(2)
    table = Table("setting", "value", "fixed by")
    for one in names:
        value = getattr(now, one)
        shown = "(set)" if isinstance(value, SecretStr) and value.get_secret_value() else str(value)
        table.add_row(one, shown, "environment" if one in ports.base.model_fields_set else "")
    Console().print(table)


@settings.command("set")
def set_(name: str, value: str) -> None:
    """Validate and store one setting; the services take it up within a second."""
    ports = connect(Settings())
    try:
        stored.store(ports.base, ports.registry, name, _parsed(value))
    except json.JSONDecodeError as error:
        typer.echo(f"{name} was not changed. The value is no JSON object: {error.msg}.", err=True)
        raise typer.Exit(2) from error
    except (ValidationError, PetfectiorError) as error:
        typer.echo(f"{name} was not changed. {explained(error)}", err=True)
        raise typer.Exit(2) from error


def _parsed(value: str) -> JsonValue:
    """Read an object as JSON; pydantic makes numbers and booleans of strings."""
    if not value.startswith("{"):
        return value
    parsed: JsonValue = json.loads(value)
    return parsed

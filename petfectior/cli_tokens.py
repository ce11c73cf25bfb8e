"""``petfectior tokens``: what programs send to the REST API."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from petfectior.access import tokens as known
from petfectior.access.person import Role
from petfectior.cli_errors import explained
from petfectior.errors import PetfectiorError
from petfectior.settings import Settings
from petfectior.wiring import connect

tokens = typer.Typer(help="Tokens of programs that use the REST API.", no_args_is_help=True)


@tokens.command("list")
def list_() -> None:
    """List the tokens; their secrets are not kept."""
    table = Table("name", "scope", "ends", "made by")
    for one in known.all_tokens(connect(Settings()).registry):
        ends = "never" if one.ends_at is None else time.strftime("%Y-%m-%d", time.gmtime(one.ends_at))
        table.add_row(one.name, one.scope, ends, one.created_by)
    Console().print(table)


@tokens.command()
def add(
    name: str,
    scope: Annotated[Role, typer.Option(help="What the program may do.")] = Role.VIEWER,
    days: Annotated[float | None, typer.Option(min=0.01, help="Ends after so many days; else never.")] = None,
) -> None:
    """Make a token and print it: this is the only time that it is shown."""
    try:
        secret, _ = known.issue(connect(Settings()).registry, name, scope, days, "command line")
    except (ValidationError, PetfectiorError) as error:
        typer.echo(f"Token not made. {explained(error)}", err=True)
        raise typer.Exit(2) from error
    typer.echo(secret)


@tokens.command()
def revoke(name: str) -> None:
    """Revoke a token: it opens nothing from now on."""
    try:
        known.revoke(connect(Settings()).registry, name)
    except PetfectiorError as error:
        typer.echo(f"Token not revoked. {explained(error)}", err=True)
        raise typer.Exit(2) from error

"""``petfectior users``: who may sign in to the pages."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from petfectior.access import first_run, passwords
from petfectior.access import users as known
from petfectior.access.person import Role
from petfectior.cli_errors import explained
from petfectior.errors import PetfectiorError
from petfectior.ports import Registry
from petfectior.settings import Settings
from petfectior.wiring import connect

users = typer.Typer(help="Who may sign in to the pages.", no_args_is_help=True)
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
]


@users.command("list")
def list_() -> None:
    """List the users."""
    table = Table("name", "role", "disabled")
    for one in known.all_users(_registry()):
        table.add_row(one.name, one.role, "yes" if one.disabled else "")
    Console().print(table)


@users.command()
def add(
    name: str,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.VIEWER,
    *,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user; the password is asked for."""
    try:
        known.add(_registry(), name, role, _password(from_stdin=password_stdin))
    except (ValidationError, PetfectiorError) as error:
        raise _refused("User not added", error) from error


@users.command()
def password(name: str, *, password_stdin: FromStdin = False) -> None:
    """Give a user another password; the sessions end."""
    try:
        known.set_password(_registry(), name, _password(from_stdin=password_stdin))
    except PetfectiorError as error:
        raise _refused("Password not changed", error) from error


@users.command()
def role(name: str, role: Role) -> None:
    """Give a user another role."""
    try:
        known.change(_registry(), name, role=role)
    except PetfectiorError as error:
        raise _refused("Role not changed", error) from error


@users.command()
def disable(name: str) -> None:
    """Let a user sign in no more; the sessions end at once."""
    try:
        known.change(_registry(), name, disabled=True)
    except PetfectiorError as error:
        raise _refused("User not disabled", error) from error


@users.command()
def enable(name: str) -> None:
    """Let a disabled user sign in again."""
    try:
        known.change(_registry(), name, disabled=False)
    except PetfectiorError as error:
        raise _refused("User not enabled", error) from error


@users.command()
def remove(name: str) -> None:
    """Remove a user; what was done under the name stays in the trail."""
    try:
        known.remove(_registry(), name)
    except PetfectiorError as error:
        raise _refused("User not removed", error) from error


@users.command("setup-code")
def setup_code() -> None:
    """Print a code, good for an hour, to make the first administrator from another machine's browser."""
    try:
        typer.echo(first_run.make_code(_registry()))
    except PetfectiorError as error:
        raise _refused("No code", error) from error


def _registry() -> Registry:
    return connect(Settings()).registry


def _password(*, from_stdin: bool) -> SecretStr:
    if from_stdin:
        return SecretStr(sys.stdin.readline().rstrip("\n"))
    asked: str = typer.prompt(
        f"Password ({passwords.SHORTEST} characters at least)", hide_input=True, confirmation_prompt=True
    )
    return SecretStr(asked)


def _refused(what: str, error: Exception) -> typer.Exit:
    wrong_name = isinstance(error, ValidationError)
    text = "A name has 1 to 64 letters, digits and . _ @ -" if wrong_name else explained(error)
    typer.echo(f"{what}. {text}", err=True)
    return typer.Exit(2)

"""``petfectior devices``: the DICOM nodes that the gateway knows."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from petfectior import devices as known
from petfectior.cli_errors import explained
from petfectior.errors import PetfectiorError
from petfectior.settings import Settings
from petfectior.wiring import connect

devices = typer.Typer(help="The DICOM nodes that the gateway knows.", no_args_is_help=True)


@devices.command("list")
def list_() -> None:
    """List the devices."""
    table = Table("name", "AE title", "address", "port", "always a destination")
    for one in known.all_devices(connect(Settings()).registry):
        table.add_row(one.name, one.ae_title, one.address, str(one.port), "yes" if one.destination else "no")
    Console().print(table)


@devices.command()
def add(
    name: str,
    to: Annotated[str, typer.Option(help="AET@host:port")],
    *,
    destination: Annotated[
        bool, typer.Option(help="Send every result there, whoever sent the series.")
    ] = False,
) -> None:
    """Add a device."""
    try:
        known.add(connect(Settings()).registry, _device(name, to, destination=destination))
    except (ValueError, PetfectiorError) as error:
        typer.echo(f"Device not added. {explained(error)}", err=True)
        raise typer.Exit(2) from error


@devices.command()
def remove(name: str) -> None:
    """Remove a device."""
    try:
        known.remove(connect(Settings()).registry, name)
    except PetfectiorError as error:
        typer.echo(f"Device not removed. {explained(error)}", err=True)
        raise typer.Exit(2) from error


def _device(name: str, to: str, *, destination: bool) -> known.Device:
    ae_title, at, address = to.partition("@")
    host, colon, port = address.rpartition(":")
    if not (at and colon and port.isascii() and port.isdigit()):
        raise ValueError("--to is AET@host:port, for example WORKSTATION@192.0.2.10:104")
    return known.Device(name=name, ae_title=ae_title, address=host, port=int(port), destination=destination)

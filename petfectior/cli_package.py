"""``petfectior package``: what leaves of a series, made and read without a gateway."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from petfectior.errors import PetfectiorError
from petfectior.reasons import sentence

if TYPE_CHECKING:
    from petfectior.pet.package_folder import PackageFolder

# ruff: noqa: PLC0415 - the codec is imported by the commands: the scp's image has this program but not Blosc2


class _MakeUnlessNamed(TyperGroup):
    """Takes ``package DIR OUT`` for ``package make DIR OUT``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer has a click of its own
        """Put the command's name in front where none is."""
        named = not args or args[0] in {*self.commands, "--help"}
        return super().parse_args(ctx, args if named else ["make", *args])


package = typer.Typer(
    cls=_MakeUnlessNamed,
    help="Make and read packages: what leaves of a series, as a server gets it.",
    no_args_is_help=True,
)


class Need(StrEnum):
    """What a model may need of the patient."""

    BodyWeight = "BodyWeight"
    BodyHeight = "BodyHeight"
    Sex = "Sex"
    Age = "Age"


@package.command("make")
def make(
    folder: Annotated[Path, typer.Argument(help="Folder of one PET series.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Argument(help="Folder to write the package to.")],
    need: Annotated[list[Need] | None, typer.Option(help="Let this of the patient leave; repeat it.")] = None,
    tracer: Annotated[str, typer.Option(help="Tracer, if the header states none.")] = "",
) -> None:
    """Make the package of a series."""
    from petfectior.pet import package_folder

    try:
        made = package_folder.write(folder, out, needs=need or (), default_tracer=tracer)
    except PetfectiorError as error:
        raise _told(error) from error
    Console().print(f"{made.block.stat().st_size} bytes in {made.block}")


@package.command()
def show(
    file: Annotated[Path, typer.Argument(help="Folder of a package, or its manifest.json.", exists=True)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest, checked, as JSON.")] = False,
) -> None:
    """Check a package and show what it holds."""
    from petfectior.pet import package_folder

    try:
        opened = package_folder.read(file)
        if as_json:
            typer.echo(json.dumps(opened.manifest.document(), indent=2, sort_keys=True))
        else:
            Console().print(_table(opened))
    except PetfectiorError as error:
        raise _told(error) from error


def _table(opened: PackageFolder) -> Table:
    """Return the manifest's main fields and the block's range; the whole block is read for it."""
    told = opened.manifest
    low = high = total = 0.0
    for values in opened.values():
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        total += float(values.sum())
    table = Table("field", "value", title=os.fspath(opened.block.parent))
    for name, value in (
        ("scanner", f"{told.Manufacturer}, {told.ManufacturersModelName}"),
        ("tracer", f"{told.TracerName} ({told.TracerRadionuclide}), {told.InjectedRadioactivity:g} MBq"),
        ("shape", " x ".join(map(str, told.Block.Shape))),
        ("voxels", "{:g} x {:g} x {:g} mm".format(*told.VoxelSpacing)),
        ("numbers", f"{told.Block.DataType}, {told.Block.Encoding}"),
        ("range", f"{low:g} to {high:g} {told.Units}"),
        ("sum", f"{total:g} {told.Units}"),
        ("of the patient", ", ".join(told.Subject.model_dump(exclude_none=True)) if told.Subject else "-"),
    ):
        table.add_row(name, value)
    return table


def _told(error: PetfectiorError) -> typer.Exit:
    typer.echo(sentence(error.reason), err=True)
    return typer.Exit(1)

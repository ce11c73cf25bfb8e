"""``petfectior import``: a folder to a gateway, over HTTPS, going on where it stopped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.progress import Progress

from petfectior.importing import Gateway, ImportStoppedError, Journal, batches
from petfectior.reasons import Reason, sentence
from petfectior.settings import Settings


def import_folder(
    folder: Annotated[Path, typer.Argument(help="Folder of DICOM files.", exists=True, file_okay=False)],
    url: Annotated[str, typer.Option(help="https://… of the gateway.")],
    fingerprint: Annotated[
        str,
        typer.Option(help="SHA-256 of a self-signed certificate, as the gateway's administrator reads it."),
    ] = "",
    ca: Annotated[
        Path | None, typer.Option(help="File of certificate authorities to trust.", exists=True)
    ] = None,
) -> None:
    """Upload a folder of DICOM files; run again after an interruption, it goes on where it stopped.

    The token is read from PETFECTIOR_TOKEN: an argument could be read by others on this machine.
    PETFECTIOR_LANGUAGE=es lets it speak Spanish.
    """
    language = Settings().language
    token = os.environ.get("PETFECTIOR_TOKEN", "")
    if not token:
        typer.echo(_say(language, "import-token-missing"), err=True)
        raise typer.Exit(2)
    try:
        gateway = Gateway(url, token, fingerprint, ca, language)
        failed = _import(folder, gateway, url, language)
    except ImportStoppedError as error:
        typer.echo(f"{sentence(error.reason, language)} {_say(language, 'import-again')}", err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(1 if failed else 0)


def _import(folder: Path, gateway: Gateway, url: str, language: str) -> int:
    name = hashlib.sha256(f"{url}\0{folder.resolve()}".encode()).hexdigest()[:16]
    journal = Journal(Path(platformdirs.user_state_dir("petfectior")) / "imports" / name)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    left = [file for file in files if not journal.has(file)]
    stored = skipped = 0
    failed: list[tuple[Path, str]] = []
    with Progress(disable=not left) as progress:
        bar = progress.add_task(
            _say(language, "import-uploading"), total=len(files), completed=len(files) - len(left)
        )
        for batch in batches(left):
            verdicts = gateway.send(batch)
            journal.add([one.path for one in verdicts if one.stored or one.skipped])
            stored += sum(one.stored for one in verdicts)
            skipped += sum(one.skipped for one in verdicts)
            failed += [(one.path, one.detail) for one in verdicts if not one.stored and not one.skipped]
            progress.advance(bar, len(batch))
    for path, detail in failed[:50]:
        typer.echo(f"{path.relative_to(folder)}: {detail}", err=True)
    counts = {"stored": stored, "earlier": len(files) - len(left), "skipped": skipped, "failed": len(failed)}
    typer.echo(_say(language, "import-done", **counts))
    journal.close(whole=not failed)
    return len(failed)


def _say(language: str, code: str, **params: float) -> str:
    return sentence(Reason(code=code, params={**params}), language)

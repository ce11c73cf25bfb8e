"""``petfectior demo``: one PET series through the whole gateway, with the seconds of each stage.

python -m simulator.demo [--series DIR] [--model NAME] [--keep DIR] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from simulator import demo_check, scanner
from simulator.stack import SCANNER_AE, NotReadyError, Stack, free_port, listens, running, wait_for

FINISH_SECONDS: Final = 900.0
WEB_PORT: Final = 8000


def main() -> int:
    """Run the demo; return 0 only if everything arrived."""
    options = _options()
    console = Console(stderr=options.json, highlight=False)
    with _folder(options.keep) as folder:
        stack = Stack(folder, model=options.model, api_port=_web_port())
        try:
            with running(stack):
                found = _travel(stack, options, console)
        except (NotReadyError, OSError) as error:
            console.print(f"[red]The demo failed: {error}[/red]")
            return 1
        found["derived_dir"] = str(folder / "workstation") if options.keep else None
        if options.json:
            sys.stdout.write(json.dumps(found) + "\n")
        else:
            _tell(found, console)
    return 0 if found["complete"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="petfectior demo")
    parser.add_argument("--series", type=Path)
    parser.add_argument("--model", default="gaussian")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="petfectior-demo-") as name:
            yield Path(name)


def _web_port() -> int:
    return free_port() if listens(WEB_PORT) else WEB_PORT


def _travel(stack: Stack, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Send the series and follow its task to the end."""
    console.print(
        f"Gateway PETFECTIOR@127.0.0.1:{stack.dicom_port}, web page http://127.0.0.1:{stack.api_port}"
    )
    known = {task["id"] for task in stack.tasks()}
    source = scanner.folder(options.series) if options.series else scanner.phantom()
    address = f"PETFECTIOR@127.0.0.1:{stack.dicom_port}"
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("The scanner sends", total=len(source.instances))
        sent = scanner.send(
            source, address, calling=SCANNER_AE, told=lambda count: progress.update(bar, completed=count)
        )
    with console.status("The series travels"):
        task = _follow(stack, known)
    return demo_check.summary(stack, task, sent, source)


def _follow(stack: Stack, known: set[str]) -> dict[str, Any]:
    """Wait until the new task has ended."""
    ended: list[dict[str, Any]] = []

    def over() -> bool:
        new = [task for task in stack.tasks() if task["id"] not in known]
        ended[:] = [task for task in new if task["status"] in {"done", "stopped"}]
        return bool(ended)

    wait_for(over, "the series has not arrived", FINISH_SECONDS)
    return stack.task(ended[0]["id"])


def _tell(found: dict[str, Any], console: Console) -> None:
    table = Table("stage", "seconds", title="The path of the series")
    for stage, seconds in found["stages"].items():
        table.add_row(stage, f"{seconds:.2f}")
    console.print(table)
    console.print(
        f"Sent {found['sent']} instances, {found['received_at_workstation']} derived ones came back."
    )
    console.print(
        f"Error bound of the rescale: {found['rescale_bound']:.6g} {found['units']} (half a slope)."
    )
    if found["identity_ok"] is not None:
        console.print(
            f"Identity model: voxels equal within slope/2: {'yes' if found['identity_ok'] else 'NO'}"
        )
    where = found["derived_dir"] or "in a temporary folder, now removed (keep it with --keep DIR)"
    console.print(f"The derived series: {where}")
    for problem in found["problems"]:
        console.print(f"[red]{problem}[/red]")


if __name__ == "__main__":
    sys.exit(main())

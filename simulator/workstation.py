"""The workstation: a Storage SCP that keeps what it gets, reports it, and misbehaves when told to.

::

    python -m simulator.workstation --port 0 --aet WORKSTATION --keep DIR --json
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydicom import dcmread
from pynetdicom import AE, StoragePresentationContexts, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

SUCCESS: Final = 0x0000
SILENCE: Final = 600.0


@dataclass
class Behaviour:
    """What the workstation does with C-STORE requests.

    Parameters
    ----------
    status
        Answered to every request, or to those before `times` ran out.
    times
        How many requests get `status` (or silence, or the abort) before all is well; None for ever.
    abort_after
        Abort the association with the request after so many; None never.
    silent
        Give no answer.
    """

    status: int = SUCCESS
    times: int | None = None
    abort_after: int | None = None
    silent: bool = False

    def misbehaves(self) -> bool:
        """Count a request; tell whether it is one of those to spoil."""
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


@dataclass
class Received:
    """One series as it came."""

    count: int = 0
    out_of_order: int = 0
    last_number: int | None = None
    direction: int = 0
    instances: set[str] = field(default_factory=set)

    def add(self, instance_uid: str, number: int | None) -> None:
        """Count an instance; one that breaks the direction of the numbers is out of order."""
        self.count += 1
        self.instances.add(instance_uid)
        if number is None:
            return
        if self.last_number is not None and number != self.last_number:
            step = 1 if number > self.last_number else -1
            self.out_of_order += self.direction not in {0, step}
            self.direction = self.direction or step
        self.last_number = number


class Workstation:
    """A Storage SCP over pynetdicom.

    Parameters
    ----------
    keep
        Folder for what is accepted; files have random names.
    strict
        Refuse associations that call another AE title.
    """

    def __init__(
        self, aet: str, keep: Path, behaviour: Behaviour | None = None, *, strict: bool = False
    ) -> None:
        self.keep = keep
        self.behaviour = behaviour or Behaviour()
        self.series: dict[str, Received] = {}
        self.statuses: Counter[str] = Counter()
        self.associations = 0
        self.changed = threading.Condition()
        self._ended = threading.Event()
        self._in_association: Counter[int] = Counter()
        self._ae = _application_entity(aet, strict=strict)
        self._server: ThreadedAssociationServer | None = None

    def start(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen; return the port."""
        self.keep.mkdir(parents=True, exist_ok=True)
        handlers: list[Any] = [
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_ECHO, lambda _event: SUCCESS),
            (evt.EVT_ESTABLISHED, self._on_established),
        ]
        server: Any = self._ae.start_server((host, port), block=False, evt_handlers=handlers)
        self._server = server
        return int(server.server_address[1])

    def stop(self) -> None:
        """Stop listening and abort what runs."""
        self._ended.set()
        self._ae.shutdown()

    def report(self) -> dict[str, Any]:
        """Return counts per series, and the statuses answered."""
        with self.changed:
            series = {
                uid: {
                    "count": one.count,
                    "instances": len(one.instances),
                    "out_of_order": one.out_of_order,
                }
                for uid, one in self.series.items()
            }
            return {
                "series": series,
                "statuses": dict(self.statuses),
                "associations": self.associations,
            }

    def files(self) -> list[Path]:
        """Return the files kept."""
        return sorted(self.keep.glob("*.dcm"))

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until `count` instances were accepted; tell whether they were."""
        with self.changed:
            return self.changed.wait_for(
                lambda: sum(one.count for one in self.series.values()) >= count, seconds
            )

    def wait_for_more(self, seen: int) -> int:
        """Wait until more than `seen` requests were answered; return how many are by then."""
        with self.changed:
            self.changed.wait_for(lambda: self.statuses.total() > seen)
            return self.statuses.total()

    def _on_established(self, _event: evt.Event) -> None:
        with self.changed:
            self.associations += 1

    def _on_store(self, event: evt.Event) -> int:
        if self._aborts(event):
            return SUCCESS  # which nobody will read
        if self._spoils():
            if self.behaviour.silent:
                self._ended.wait(SILENCE)
            return self._answer(self.behaviour.status)
        path = self.keep / f"{uuid.uuid4().hex}.dcm"
        path.write_bytes(event.encoded_dataset())
        head = dcmread(path, specific_tags=["SeriesInstanceUID", "SOPInstanceUID", "InstanceNumber"])
        number = head.get("InstanceNumber")
        with self.changed:
            received = self.series.setdefault(str(head.SeriesInstanceUID), Received())
            received.add(str(head.SOPInstanceUID), None if number is None else int(number))
        return self._answer(SUCCESS)

    def _spoils(self) -> bool:
        """Tell whether this request is to be refused or left unanswered."""
        wanted = self.behaviour
        if not wanted.silent and wanted.status == SUCCESS:
            return False
        kept_anyway = wanted.status >> 12 == 0xB  # noqa: PLR2004 - Bxxx: stored, with a warning
        return not kept_anyway and wanted.misbehaves()

    def _aborts(self, event: evt.Event) -> bool:
        after = self.behaviour.abort_after
        if after is None:
            return False
        self._in_association[id(event.assoc)] += 1
        if self._in_association[id(event.assoc)] <= after or not self.behaviour.misbehaves():
            return False
        event.assoc.abort()
        return True

    def _answer(self, status: int) -> int:
        if status == SUCCESS and self.behaviour.status >> 12 == 0xB:  # noqa: PLR2004
            status = self.behaviour.status
        with self.changed:
            self.statuses[f"{status:04X}"] += 1
            self.changed.notify_all()
        return status


def _application_entity(aet: str, *, strict: bool) -> AE:
    entity = AE(ae_title=aet)
    entity.supported_contexts = StoragePresentationContexts
    entity.add_supported_context(Verification)
    entity.require_called_aet = strict
    entity.maximum_pdu_size = 131072
    entity.network_timeout = SILENCE
    # A probe that only opens the port counts as an association for half a minute.
    entity.maximum_associations = 200
    return entity


def main(  # noqa: PLR0917 - typer reads options from parameters
    port: Annotated[int, typer.Option(help="0 takes a free port")] = 0,
    host: str = "127.0.0.1",
    aet: str = "WORKSTATION",
    keep: Annotated[Path | None, typer.Option(help="folder for what is accepted")] = None,
    status: Annotated[str, typer.Option(help="status to answer, hexadecimal")] = "0000",
    times: Annotated[int | None, typer.Option(help="so many requests are spoiled")] = None,
    abort_after: Annotated[int | None, typer.Option(help="abort after so many requests")] = None,
    silent: Annotated[bool, typer.Option(help="give no answer")] = False,
    strict: Annotated[bool, typer.Option(help="refuse another called AE title")] = False,
    report: Annotated[bool, typer.Option("--json", help="a JSON line whenever something arrives")] = False,
) -> None:
    """Run the workstation until it is stopped."""
    behaviour = Behaviour(int(status, 16), times, abort_after, silent)
    kept = keep or Path(tempfile.mkdtemp(prefix="workstation-"))
    workstation = Workstation(aet, kept, behaviour, strict=strict)
    port = workstation.start(port, host)
    _say({"port": port, "ae_title": aet, "keep": str(kept)})
    answered = 0
    while True:
        answered = workstation.wait_for_more(answered)
        if report:
            _say(workstation.report())


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)

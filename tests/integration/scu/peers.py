"""Destinations of every temper, as real DICOM nodes on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pynetdicom import AE, evt
from pynetdicom.sop_class import PositronEmissionTomographyImageStorage

from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from petfectior.task import Destination

Answer = Callable[[int], int]


@dataclass
class Peer:
    """A Storage SCP, and what it saw."""

    port: int
    stored: list[str] = field(default_factory=list)
    associations: int = 0
    syntaxes: set[str] = field(default_factory=set)

    def destination(self, ae_title: str = "WS") -> Destination:
        return Destination(name="WS", ae_title=ae_title, address="127.0.0.1", port=self.port)


@contextlib.contextmanager
def peer(
    answer: Answer = lambda _count: 0x0000,
    *,
    abort_after: int | None = None,
    silent_after: int | None = None,
    syntaxes: tuple[str, ...] = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN),
    called: str = "",
) -> Iterator[Peer]:
    """Run a Storage SCP.

    Parameters
    ----------
    answer
        Status of the n-th instance it was ever sent, from 1.
    abort_after, silent_after
        Break off, or stop answering, after so many instances of one association.
    called
        The only AE title it answers to.
    """
    entity = AE(ae_title=called or "WS")
    entity.require_called_aet = bool(called)
    entity.add_supported_context(PositronEmissionTomographyImageStorage, list(syntaxes))
    seen = Peer(0)
    done = threading.Event()
    in_association = 0
    received = 0

    def on_established(_event: evt.Event) -> None:
        nonlocal in_association
        in_association = 0
        seen.associations += 1

    def on_store(event: evt.Event) -> int:
        nonlocal in_association, received
        if abort_after is not None and in_association >= abort_after:
            event.assoc.abort()
            return 0x0110
        if silent_after is not None and in_association >= silent_after:
            done.wait(60)
        in_association += 1
        received += 1
        seen.syntaxes.add(str(event.context.transfer_syntax))
        status = answer(received)
        if status == 0x0000 or status >> 12 == 0xB:
            seen.stored.append(str(event.request.AffectedSOPInstanceUID))
        return status

    server = entity.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[(evt.EVT_C_STORE, on_store), (evt.EVT_ESTABLISHED, on_established)],
    )
    assert server is not None
    seen.port = server.socket.getsockname()[1]
    try:
        yield seen
    finally:
        done.set()
        server.shutdown()


@contextlib.contextmanager
def mute_peer() -> Iterator[Peer]:
    """Accept connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Peer(server.getsockname()[1])


def nobody() -> Peer:
    """Return a peer that does not listen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return Peer(server.getsockname()[1])

"""The way in: connections wait here, without a thread, until they have said all of what they want.

A connection that is slow to finish its TLS handshake or its A-ASSOCIATE-RQ costs a descriptor and the
bytes that it did send. When there are too many of them, the one that has waited longest goes: whoever
means to send is through in milliseconds.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog

from petfectior import metrics
from services.scp import pdu

MOST_WAITING: Final = 256
MOST_WAITING_PER_PEER: Final = 128
BACKLOG: Final = 512
TURN_SECONDS: Final = 0.2
_HEAD: Final = struct.Struct(">BxI")
log = structlog.get_logger()


@dataclass(frozen=True)
class Entrance:
    """A listening socket; `secure` is None where associations are plain."""

    listener: socket.socket
    secure: ssl.SSLContext | None = None


@dataclass(eq=False)
class Guest:
    """A connection that has not been admitted yet.

    Parameters
    ----------
    request
        Its A-ASSOCIATE-RQ PDU, as far as it came.
    """

    connection: socket.socket
    address: str
    began: float = field(default_factory=time.monotonic)
    shaken: bool = True
    request: bytearray = field(default_factory=bytearray)

    @property
    def secure(self) -> bool:
        """Tell whether the connection is a TLS one."""
        return isinstance(self.connection, ssl.SSLSocket)

    def missing(self) -> int:
        """Return how many bytes are to be read next; 0 if the request is whole.

        Raises
        ------
        services.scp.pdu.ProtocolError
            If it is no A-ASSOCIATE-RQ, or its length beyond the limits.
        """
        if len(self.request) < _HEAD.size:
            return _HEAD.size - len(self.request)
        kind, length = _HEAD.unpack_from(self.request)
        if kind != pdu.ASSOCIATE_RQ:
            raise pdu.ProtocolError("pdu-unexpected", pdu.UNEXPECTED_PDU)
        if not pdu.SHORTEST_ASSOCIATE_RQ <= length <= pdu.LONGEST_ASSOCIATE_RQ:
            raise pdu.ProtocolError("pdu-too-long")
        return int(length) + _HEAD.size - len(self.request)


class Doorway:
    """Accepts connections and hands on those that have stated a whole A-ASSOCIATE-RQ.

    Parameters
    ----------
    admit
        Takes a guest over, socket and all; must not block.
    turned_away
        Told of a guest that goes without having been handed on, and why.
    seconds
        Returns the longest time from connection to request.
    """

    def __init__(
        self,
        entrances: Iterable[Entrance],
        admit: Callable[[Guest], None],
        turned_away: Callable[[Guest, str], None],
        seconds: Callable[[], float],
    ) -> None:
        self._entrances = list(entrances)
        self._admit = admit
        self._turned_away = turned_away
        self._seconds = seconds
        self._waiting: dict[Guest, None] = {}
        self._by_address: Counter[str] = Counter()
        self._selector = selectors.DefaultSelector()

    def run(self, stop: threading.Event) -> None:
        """Let guests in until `stop` is set; then every socket that is still here is closed."""
        for entrance in self._entrances:
            entrance.listener.settimeout(0)
            self._selector.register(entrance.listener, selectors.EVENT_READ, entrance)
        try:
            while not stop.is_set():
                self._turn()
        finally:
            for entrance in self._entrances:
                entrance.listener.close()
            for guest in list(self._waiting):
                self._drop(guest)
            self._selector.close()

    def _turn(self) -> None:
        for key, _ in self._selector.select(TURN_SECONDS):
            if isinstance(key.data, Entrance):
                self._accept(key.data)
            elif key.data in self._waiting:
                self._hear(key.data)
        limit = time.monotonic() - self._seconds()
        while self._waiting and (oldest := next(iter(self._waiting))).began < limit:
            self._dismiss(oldest, "handshake-timeout")
        metrics.ASSOCIATIONS_WAITING.set(len(self._waiting))

    def _accept(self, entrance: Entrance) -> None:
        try:
            connection, address = entrance.listener.accept()
        except BlockingIOError:
            return
        except OSError as error:  # no descriptor left, for instance: make room
            log.warning("connection.refused", exc_info=error)
            if self._waiting:
                self._dismiss(next(iter(self._waiting)), "handshake-evicted")
            return
        connection.settimeout(0)
        guest = Guest(connection, str(address[0]))
        try:
            if entrance.secure is not None:
                guest.shaken = False
                guest.connection = entrance.secure.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            self._selector.register(guest.connection, selectors.EVENT_READ, guest)
        except (OSError, ValueError):
            connection.close()
            return
        self._make_room(guest.address)
        self._waiting[guest] = None
        self._by_address[guest.address] += 1

    def _make_room(self, address: str) -> None:
        if self._by_address[address] >= MOST_WAITING_PER_PEER:
            self._dismiss(next(one for one in self._waiting if one.address == address), "handshake-evicted")
        elif len(self._waiting) >= MOST_WAITING:
            self._dismiss(next(iter(self._waiting)), "handshake-evicted")

    def _hear(self, guest: Guest) -> None:
        try:
            if not guest.shaken:
                self._shake(guest)
            while missing := guest.missing():
                chunk = guest.connection.recv(missing)
                if not chunk:
                    self._drop(guest)  # a port check, most often: nothing was asked for
                    return
                guest.request += chunk
        except ssl.SSLWantReadError:
            self._selector.modify(guest.connection, selectors.EVENT_READ, guest)
            return
        except ssl.SSLWantWriteError:
            self._selector.modify(guest.connection, selectors.EVENT_WRITE, guest)
            return
        except BlockingIOError:
            return
        except pdu.ProtocolError as error:
            with contextlib.suppress(OSError):
                guest.connection.send(pdu.abort(pdu.BY_PROVIDER, error.reason))
            self._dismiss(guest, error.code)
            return
        except OSError:
            self._dismiss(guest, "connection-lost" if guest.shaken else "tls-handshake-failed")
            return
        self._forget(guest)
        self._admit(guest)

    @staticmethod
    def _shake(guest: Guest) -> None:
        connection = guest.connection
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
        guest.shaken = True

    def _dismiss(self, guest: Guest, code: str) -> None:
        self._drop(guest)
        self._turned_away(guest, code)

    def _drop(self, guest: Guest) -> None:
        self._forget(guest)
        guest.connection.close()

    def _forget(self, guest: Guest) -> None:
        self._selector.unregister(guest.connection)
        del self._waiting[guest]
        self._by_address[guest.address] -= 1
        if not self._by_address[guest.address]:
            del self._by_address[guest.address]

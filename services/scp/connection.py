"""A peer's connected socket: every wait on it has an end, and nothing is read ahead.

On a plain socket the kernel does the waiting (SO_RCVTIMEO with MSG_WAITALL), so a fragment costs one call.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence
from typing import Final

LINGER_SECONDS: Final = 2.0
_TIMEVAL: Final = struct.Struct("@ll")
_MOST_LINGERED: Final = 64


class PeerGone(Exception):
    """The peer closed the connection, or the network did."""


class PeerSilent(Exception):
    """The peer did not send, or did not read, in time.

    Parameters
    ----------
    code
        Reason code for people.
    """

    def __init__(self, code: str = "pdu-timeout") -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """A connected socket of an admitted association.

    Parameters
    ----------
    peer
        The socket; TLS is established if it is to be.
    seconds
        Longest wait for what was begun: a fragment to arrive whole, a response to be taken.
    """

    def __init__(self, peer: socket.socket, seconds: float) -> None:
        self._peer = peer
        self._seconds = seconds
        self._secure = isinstance(peer, ssl.SSLSocket)
        with contextlib.suppress(OSError):  # a peer that is gone already is noticed by the first read
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._secure:
                peer.settimeout(seconds)
            else:
                peer.settimeout(None)
                limit = _TIMEVAL.pack(int(seconds), int(seconds % 1 * 1e6))
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def wait(self, seconds: float) -> None:
        """Wait for the beginning of something. Raises `PeerSilent` after `seconds`."""
        if isinstance(self._peer, ssl.SSLSocket) and self._peer.pending():
            return
        poll = select.poll()
        poll.register(self._peer, select.POLLIN)
        if not poll.poll(seconds * 1000):
            raise PeerSilent("idle-timeout")

    def receive(self, *views: memoryview) -> None:
        """Fill the views, one after the other.

        Raises
        ------
        PeerGone, PeerSilent
            If they are not full in time.
        """
        self._acknowledge()
        try:
            if self._secure:
                self._receive_secured(views)
            else:
                self._receive_plain(views)
        except (TimeoutError, BlockingIOError) as late:
            raise PeerSilent from late
        except OSError as broken:
            raise PeerGone from broken

    def _receive_plain(self, views: Sequence[memoryview]) -> None:
        wanted = sum(map(len, views))
        received = self._peer.recvmsg_into(views, 0, socket.MSG_WAITALL)[0]
        if received == wanted:
            return
        if not received or not self._peer.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            raise PeerGone
        raise PeerSilent

    def _receive_secured(self, views: Sequence[memoryview]) -> None:
        deadline = time.monotonic() + self._seconds
        for view in views:
            filled = 0
            while filled < len(view):
                if time.monotonic() > deadline:
                    raise PeerSilent
                chunk = self._peer.recv_into(view[filled:])
                if not chunk:
                    raise PeerGone
                filled += chunk

    def send(self, data: bytes) -> None:
        """Send all of `data`. Raises `PeerGone` or `PeerSilent`."""
        try:
            self._peer.sendall(data)
        except (TimeoutError, BlockingIOError) as late:
            raise PeerSilent from late
        except OSError as broken:
            raise PeerGone from broken

    def interrupt(self) -> None:
        """Let the thread that reads find the end of the stream; it can still say goodbye."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._peer, socket.SHUT_RD)

    def cut(self) -> None:
        """End the connection whoever waits for it."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._peer, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close, after a moment for the peer to close first (PS3.8 9.1.5): then nothing sent is lost."""
        with contextlib.suppress(OSError, ValueError):
            socket.socket.shutdown(self._peer, socket.SHUT_WR)
            self._peer.settimeout(LINGER_SECONDS / 4)
            deadline = time.monotonic() + LINGER_SECONDS
            for _ in range(_MOST_LINGERED):
                if time.monotonic() > deadline or not self._peer.recv(1 << 16):
                    break
        self._peer.close()

    def _acknowledge(self) -> None:
        """Have what came acknowledged at once: a peer with Nagle's algorithm waits for it 40 ms."""
        with contextlib.suppress(OSError):
            self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

"""Who may associate: AE titles, addresses and how many at once; each refusal with its own reason."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from petfectior import devices, pauses
from petfectior.devices import Device
from petfectior.errors import Transient
from petfectior.service import Ports
from petfectior.settings import Settings
from services.scp.pdu import Rejection, Titles

RESOLVE_SECONDS: Final = 60.0
"""How long the addresses of a device's host name are believed."""

_PERMANENT, _TRANSIENT = 1, 2
_USER, _ACSE, _PRESENTATION = 1, 2, 3

NO_REASON: Final = Rejection("secure-association-required", _PERMANENT, _USER, 1)
CALLING_UNKNOWN: Final = Rejection("calling-ae-title-unknown", _PERMANENT, _USER, 3)
ADDRESS_UNKNOWN: Final = Rejection("calling-address-unknown", _PERMANENT, _USER, 3)
NOT_A_SENDER: Final = Rejection("device-may-not-send", _PERMANENT, _USER, 3)
CALLED_UNKNOWN: Final = Rejection("called-ae-title-unknown", _PERMANENT, _USER, 7)
PROTOCOL_UNKNOWN: Final = Rejection("protocol-version-unknown", _PERMANENT, _ACSE, 2)
PAUSED: Final = Rejection("receiver-paused", _TRANSIENT, _PRESENTATION, 1)
TOO_MANY: Final = Rejection("too-many-associations", _TRANSIENT, _PRESENTATION, 2)
TOO_MANY_OF_PEER: Final = Rejection("too-many-associations-of-peer", _TRANSIENT, _PRESENTATION, 2)


@dataclass(frozen=True)
class Known:
    """A device and the addresses that its host name had when last asked."""

    device: Device
    addresses: frozenset[str]


@dataclass(frozen=True)
class Policy:
    """What is in force: the settings, the devices that the site knows, whether a person paused the node."""

    settings: Settings
    known: Sequence[Known] = ()
    paused: bool = False

    def refusal(self, titles: Titles, address: str, *, secure: bool) -> Rejection | None:
        """Return why a peer may not associate; None if it may.

        Parameters
        ----------
        address
            The peer's IP address.
        secure
            Whether the connection is a TLS one.
        """
        never = self._refusal_for_good(titles, address, secure=secure)
        return never or (PAUSED if self.paused else None)

    def _refusal_for_good(self, titles: Titles, address: str, *, secure: bool) -> Rejection | None:
        if not titles.protocol_version & 1:
            return PROTOCOL_UNKNOWN
        if self.settings.called_ae_checked and titles.called != self.settings.ae_title.strip():
            return CALLED_UNKNOWN
        named = [one for one in self.known if one.device.ae_title == titles.calling]
        peers = [one.device for one in named if devices.plain(address) in one.addresses]
        if peers:
            return _refusal_of(peers, secure=secure)
        if self.settings.known_senders_only:
            return ADDRESS_UNKNOWN if named else CALLING_UNKNOWN
        return None


def _refusal_of(peers: Sequence[Device], *, secure: bool) -> Rejection | None:
    """Devices may share title and address, with a port each: one that may send is enough."""
    senders = [device for device in peers if device.sender]
    if not senders:
        return NOT_A_SENDER
    return None if secure or any(not device.tls for device in senders) else NO_REASON


class Policies:
    """Reads the policy in force; keeps the last one known while the stores do not answer."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._resolved: dict[str, tuple[float, frozenset[str]]] = {}
        self.current = Policy(ports.base)

    def read(self) -> bool:
        """Read again; tell whether the settings changed."""
        try:
            settings = self._ports.settings()
            known = [Known(one, self._addresses(one)) for one in devices.all_devices(self._ports.registry)]
            paused = pauses.RECEIVER in pauses.all_pauses(self._ports.registry)
        except Transient:
            return False
        changed = settings != self.current.settings
        self.current = Policy(settings, known, paused)
        return changed

    def _addresses(self, device: Device) -> frozenset[str]:
        read_at, addresses = self._resolved.get(device.address, (0.0, frozenset()))
        now = time.monotonic()
        if not read_at or now - read_at > RESOLVE_SECONDS:
            addresses = devices.addresses(device.address)
            self._resolved[device.address] = now, addresses
        return addresses


class Seats:
    """Counts the associations that are open, in all and per peer."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, address: str) -> Rejection | None:
        """Take a seat; return why there is none."""
        limits = self._settings()
        with self._lock:
            if self._taken.total() >= limits.associations:
                return TOO_MANY
            if self._taken[address] >= limits.associations_per_peer:
                return TOO_MANY_OF_PEER
            self._taken[address] += 1
            return None

    def leave(self, address: str) -> None:
        """Give a seat back."""
        with self._lock:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]

"""Where a derived series goes: back to the device that sent the original, and to the fixed destinations."""

from __future__ import annotations

from collections.abc import Sequence

from petfectior.devices import Device, addresses, plain
from petfectior.task import Destination, Source


def destinations_for(source: Source, devices: Sequence[Device], *, mirror: bool) -> list[Destination]:
    """Return the destinations of a series from `source`.

    In mirror mode the device with the sender's address. If several match the address, those whose AE
    title is the sender's; if none of them has it, all that match the address. Fixed destinations are
    always added; nobody is sent to twice, and no device that may not receive.

    Parameters
    ----------
    source
        Who sent the series.
    devices
        All devices the site knows.
    mirror
        Whether the sender gets its series back.

    Returns
    -------
    list of Destination
        Empty if nobody is to receive the series.
    """
    chosen = _mirrored(source, devices) if mirror else []
    chosen += [device for device in devices if device.destination]
    entities: dict[tuple[str, str, int], Device] = {}
    for device in chosen:
        entities.setdefault((device.ae_title, device.address, device.port), device)
    return [device.as_destination() for device in entities.values() if device.receiver]


def _mirrored(source: Source, devices: Sequence[Device]) -> list[Device]:
    sender = plain(source.address)
    at_address = [device for device in devices if sender in addresses(device.address)]
    with_title = [device for device in at_address if device.ae_title == source.calling_ae_title.strip(" ")]
    return with_title or at_address

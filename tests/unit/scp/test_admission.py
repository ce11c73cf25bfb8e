"""Who may associate, and what an unwelcome peer is told."""

from __future__ import annotations

import pytest

from petfectior.devices import Device
from petfectior.settings import Settings
from services.scp.admission import Known, Policy, Seats
from services.scp.pdu import Titles

ADDRESS = "10.0.0.1"


def known(**changes: object) -> Known:
    values = {"name": "CT", "ae_title": "CT1", "address": ADDRESS, "port": 104, **changes}
    return Known(Device.model_validate(values), frozenset({ADDRESS}))


def refusal(
    *devices: Known,
    calling: str = "CT1",
    called: str = "PETFECTIOR",
    address: str = ADDRESS,
    secure: bool = False,
    version: int = 1,
    paused: bool = False,
    **settings: object,
) -> tuple[str, int, int, int] | None:
    policy = Policy(Settings(**settings), devices, paused)
    one = policy.refusal(Titles(version, called, calling), address, secure=secure)
    return one and (one.code, one.result, one.source, one.diagnostic)


def test_anybody_may_associate_unless_a_setting_says_otherwise() -> None:
    assert refusal(calling="ANY", called="ANY") is None


def test_wrong_called_ae_title_is_refused_when_it_is_checked() -> None:
    assert refusal(called="OTHER", called_ae_checked=True) == ("called-ae-title-unknown", 1, 1, 7)
    assert refusal(called_ae_checked=True) is None


def test_only_known_title_at_known_address_passes_the_allow_list() -> None:
    strict = {"known_senders_only": True}
    assert refusal(known(), **strict) is None
    assert refusal(known(), address="::ffff:10.0.0.1", **strict) is None
    assert refusal(known(), calling="XX", **strict) == ("calling-ae-title-unknown", 1, 1, 3)
    assert refusal(known(), address="10.0.0.2", **strict) == ("calling-address-unknown", 1, 1, 3)


def test_device_that_may_not_send_is_refused_whatever_the_settings() -> None:
    assert refusal(known(sender=False)) == ("device-may-not-send", 1, 1, 3)
    assert refusal(known(sender=False), known(name="CT2", port=105)) is None


def test_device_with_tls_is_refused_in_plain() -> None:
    assert refusal(known(tls=True)) == ("secure-association-required", 1, 1, 1)
    assert refusal(known(tls=True), secure=True) is None


def test_unknown_protocol_version_is_refused_by_the_provider() -> None:
    assert refusal(version=2) == ("protocol-version-unknown", 1, 2, 2)
    assert refusal(version=3) is None


def test_while_the_node_is_paused_those_who_may_associate_are_to_come_again() -> None:
    assert refusal(paused=True) == ("receiver-paused", 2, 3, 1)
    assert refusal(known(sender=False), paused=True) == ("device-may-not-send", 1, 1, 3)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"associations": 2}, "too-many-associations"),
        ({"associations_per_peer": 2}, "too-many-associations-of-peer"),
    ],
)
def test_seats_run_out_for_a_while(limits: dict[str, int], code: str) -> None:
    settings = Settings(**limits)
    seats = Seats(lambda: settings)
    assert [seats.take(ADDRESS), seats.take(ADDRESS)] == [None, None]
    refused = seats.take(ADDRESS)
    assert refused is not None
    assert (refused.code, refused.result, refused.source, refused.diagnostic) == (code, 2, 3, 2)
    seats.leave(ADDRESS)
    assert seats.take(ADDRESS) is None


def test_peer_that_has_all_its_seats_leaves_those_of_others() -> None:
    settings = Settings(associations_per_peer=1)
    seats = Seats(lambda: settings)
    assert seats.take(ADDRESS) is None
    assert seats.take("10.0.0.2") is None

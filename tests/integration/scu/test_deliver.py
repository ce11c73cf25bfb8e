"""Delivering to real peers: what is accepted, what is sent again, what is parked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydicom import dcmread

from petfectior import deliveries
from petfectior.dicom.tag_walker import IMPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Busy, Permanent, Rejected, Transient
from petfectior.handling import Finish, LeaseLost
from petfectior.task import Destination
from petfectior.transitions import cancel
from petfectior.work import Status
from services.scu import deliver as room
from services.scu.slots import slot
from tests.dcmtk import storescp
from tests.integration.scu.deliveries import COUNT, dataset, office
from tests.integration.scu.peers import mute_peer, nobody, peer


def test_storescp_receives_every_instance_byte_for_byte(tmp_path: Path) -> None:
    with storescp(tmp_path / "received", "+B") as destination:
        one = office(tmp_path, destination_of(destination.port))
        assert isinstance(one.turn(), Finish)
        received = [dcmread(path) for path in destination.files()]
    assert sorted(str(each.SOPInstanceUID) for each in received) == sorted(
        f"1.2.3.{number}" for number in range(COUNT)
    )
    for each in received:
        number = int(str(each.SOPInstanceUID).rsplit(".", 1)[1])
        assert each.PixelData == bytes([number]) * 8192
    assert one.delivery.work.status is Status.DONE
    assert one.delivery.accepted_count == COUNT


def test_peer_that_takes_implicit_vr_only_gets_it(tmp_path: Path) -> None:
    with peer(syntaxes=(IMPLICIT_VR_LITTLE_ENDIAN,)) as other:
        one = office(tmp_path, other.destination())
        assert isinstance(one.turn(), Finish)
    assert other.syntaxes == {IMPLICIT_VR_LITTLE_ENDIAN}
    assert len(other.stored) == COUNT


def test_warnings_are_accepted_and_counted(tmp_path: Path) -> None:
    with peer(lambda count: 0xB000 if count % 2 else 0x0000) as other:
        one = office(tmp_path, other.destination())
        assert isinstance(one.turn(), Finish)
    assert one.delivery.accepted_count == COUNT
    assert one.delivery.warnings == COUNT // 2


def test_peer_out_of_resources_is_tried_again_with_the_rest_only(tmp_path: Path) -> None:
    with peer(lambda count: 0xA700 if count == 5 else 0x0000) as other:
        one = office(tmp_path, other.destination())
        with pytest.raises(Transient) as failure:
            one.turn()
        assert failure.value.reason.code == "destination-out-of-resources"
        assert failure.value.reason.params["dimse_status"] == "A700"
        assert failure.value.retry_after == 30.0
        assert one.delivery.accepted_count == 4
        assert isinstance(one.turn(), Finish)
    assert len(other.stored) == COUNT == len(set(other.stored))


@pytest.mark.parametrize("status", [0xA900, 0xC000, 0xC123, 0x0122, 0x0124])
def test_refused_instance_parks_the_delivery_at_once(tmp_path: Path, status: int) -> None:
    with peer(lambda count: status if count == 3 else 0x0000) as other:
        one = office(tmp_path, other.destination())
        with pytest.raises(Rejected) as failure:
            one.turn()
    assert failure.value.reason.code == "instance-refused"
    assert failure.value.reason.params == {
        "dimse_status": f"{status:04X}",
        "accepted": 2,
        "total": COUNT,
    }
    assert one.delivery.last_status == f"{status:04X}"
    assert len(other.stored) == 2


def test_abort_saves_the_place_and_sends_the_rest_later(tmp_path: Path) -> None:
    with peer(abort_after=5) as other:
        one = office(tmp_path, other.destination())
        for expected in (5, 10):
            with pytest.raises(Transient, match="association-aborted"):
                one.turn()
            assert one.delivery.accepted_count == expected
        assert isinstance(one.turn(), Finish)
    assert len(other.stored) == COUNT == len(set(other.stored))


def test_missing_answer_is_unknown_and_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ANSWER_SECONDS", 0.5)
    with peer(silent_after=4) as other:
        one = office(tmp_path, other.destination())
        with pytest.raises(Transient, match="response-missing"):
            one.turn()
        assert one.delivery.accepted_count == 4
        assert one.delivery.last_status == "0000"


def test_waits_double_to_one_hour(tmp_path: Path) -> None:
    one = office(tmp_path, nobody().destination())
    delays = []
    for _ in range(9):
        room.mark_up(one.registry, one.delivery.destination)
        with pytest.raises(Transient, match="destination-unreachable") as failure:
            one.turn()
        delays.append(failure.value.retry_after)
    assert delays == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_destination_down_for_a_day_parks_the_delivery(tmp_path: Path) -> None:
    one = office(tmp_path, nobody().destination())
    task = one.task
    task.deliveries[0].created_at -= 25 * 3600
    one.tasks.replace(task)
    with pytest.raises(Permanent) as failure:
        one.turn()
    assert failure.value.reason.code == "delivery-time-used-up"
    assert failure.value.reason.params["hours"] == 24.0


def test_destination_found_down_is_left_alone_by_others(tmp_path: Path) -> None:
    one = office(tmp_path, nobody().destination())
    with pytest.raises(Transient):
        one.turn()
    with pytest.raises(Busy) as failure:
        one.turn()
    assert failure.value.reason.code == "destination-marked-down"
    assert failure.value.retry_after is not None
    assert 0 < failure.value.retry_after <= 30


def test_person_who_asks_again_is_not_kept_waiting(tmp_path: Path) -> None:
    with peer() as other:
        one = office(tmp_path, other.destination())
        room.mark_down(one.registry, other.destination(), time.time() + 1800)
        task = one.task
        deliveries.resend(task, other.destination(), time.time())
        task.deliveries[-1].after = None
        one.tasks.replace(task)
        assert isinstance(one.turn(), Finish)
    assert len(other.stored) == COUNT


def test_mute_peer_does_not_hold_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petfectior.dicom.negotiation.NEGOTIATION_SECONDS", 0.5)
    with mute_peer() as other:
        one = office(tmp_path, other.destination())
        began = time.monotonic()
        with pytest.raises(Transient, match="destination-silent"):
            one.turn()
    assert time.monotonic() - began < 10


def test_wrong_ae_title_parks_the_delivery(tmp_path: Path) -> None:
    with peer(called="OTHER") as other:
        one = office(tmp_path, other.destination("WS"))
        with pytest.raises(Rejected, match="called-ae-title-refused"):
            one.turn()


def test_peer_without_pet_parks_the_delivery(tmp_path: Path) -> None:
    with peer(syntaxes=("1.2.840.10008.1.2.4.70",)) as other:
        one = office(tmp_path, other.destination())
        with pytest.raises(Rejected, match="contexts-refused"):
            one.turn()


def test_rejected_association_is_tried_again(tmp_path: Path) -> None:
    with storescp(tmp_path / "received", "--refuse") as destination:
        one = office(tmp_path, destination_of(destination.port))
        with pytest.raises(Transient, match="association-rejected"):
            one.turn()


def test_storescp_that_aborts_is_tried_again(tmp_path: Path) -> None:
    with storescp(tmp_path / "received", "--abort-after") as destination:
        one = office(tmp_path, destination_of(destination.port))
        with pytest.raises(Transient, match="association-aborted"):
            one.turn()
        assert one.delivery.accepted_count == 0


def test_no_more_deliveries_than_allowed_run_to_a_destination(tmp_path: Path) -> None:
    with peer() as other:
        one = office(tmp_path, other.destination(), deliveries_per_destination=2)
        with (
            slot(one.registry, other.destination(), 2, "first"),
            slot(one.registry, other.destination(), 2, "second"),
            pytest.raises(Busy, match="no-free-slot"),
        ):
            one.turn()
        assert isinstance(one.turn(), Finish)
    assert one.registry.list("slot") == []


def test_cancelled_delivery_stops_between_instances(tmp_path: Path) -> None:
    with peer() as other:
        one = office(tmp_path, other.destination())
        claim = one.claim()
        task = one.task
        cancel(task, time.time(), "person")
        one.tasks.replace(task)
        with pytest.raises(LeaseLost):
            claim.renew()
        with pytest.raises(LeaseLost):
            room.deliver(claim, blobs=one.blobs, registry=one.registry, settings=one.settings)
    assert other.stored == []


def test_worker_that_died_leaves_its_place_to_the_next(tmp_path: Path) -> None:
    with peer() as other:
        one = office(tmp_path, other.destination())
        task = one.task
        task.deliveries[0].accepted = {"plain": f"{0b111:x}"}
        task.deliveries[0].accepted_count = 3
        one.tasks.replace(task)
        assert isinstance(one.turn(), Finish)
    assert other.stored == [f"1.2.3.{number}" for number in range(3, COUNT)]
    assert one.delivery.accepted_count == COUNT


def test_sent_dataset_is_what_was_stored(tmp_path: Path) -> None:
    with storescp(tmp_path / "received", "+B") as destination:
        one = office(tmp_path, destination_of(destination.port))
        one.turn()
        raw = {path.read_bytes() for path in destination.files()}
    assert all(any(bytes_.endswith(dataset(f"1.2.3.{n}", n)) for bytes_ in raw) for n in range(COUNT))


def destination_of(port: int) -> Destination:
    return Destination(name="WS", ae_title="WS", address="localhost", port=port)

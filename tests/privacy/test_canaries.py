"""Nothing identifying leaves, nor shows: unique values in all of PS3.15 Table E.1-1, and none outside.

The real gateway runs in both modes: six services, the reference server behind a recording wire, dcmtk's
storescp; and RabbitMQ, MinIO and MongoDB. Task documents are the hospital's own and are not searched.
"""

from __future__ import annotations

import base64
import itertools
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.stack import Stack, wait_for
from tests.dcmtk import storescp
from tests.privacy import outside, planted_series, stores
from tests.privacy.canaries import FURTHER, NOT_IN_A_DATASET, NOT_UNIQUE, Breeder, Canary, of_the_profile
from tests.privacy.planted_series import SENDER, SLICES, Association
from tests.privacy.search import find
from tests.privacy.stores import Stores

pytestmark = pytest.mark.timeout(900)
DESTINATION = "127.9.8.78"
ADDRESSES = [Canary(name, "address", name, (name,)) for name in (SENDER, DESTINATION)]


@dataclass
class Run:
    """What was planted, which tasks came of it, and everything that can be seen."""

    profile: dict[int, Canary]
    further: list[Canary]
    association: Association
    delivered: list[dict[str, Any]]
    refused: dict[str, Any]
    places: dict[str, bytes]
    manifests: list[dict[str, Any]]
    inside: bytes
    of_a_patient: dict[str, Any]
    places_after: dict[str, bytes]
    manifests_after: list[dict[str, Any]]

    @property
    def canaries(self) -> list[Canary]:
        one = self.association
        return [*self.profile.values(), *self.further, one.calling, one.called, one.version, one.user]


@pytest.fixture(scope="module")
def run(shared_data: Path, mode: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("canaries")
    stack = Stack(folder, model="")
    wire = outside.Wire(stack.server_port)
    wire.start()
    stack.environment = {"quiet_seconds": "2", "server_url": f"http://127.0.0.1:{wire.port}", **mode}
    kept = stores.of(mode, folder / "data")
    with storescp(folder / "destination") as destination:
        try:
            stack.start_server("--model", "identity")
            stack.start_gateway()
            kept.watch()
            yield _travel(shared_data, stack, wire, kept, destination.port)
        finally:
            stack.stop()
            wire.stop()


def _travel(shared_data: Path, stack: Stack, wire: outside.Wire, kept: Stores, port: int) -> Run:
    breeder = Breeder()
    profile = of_the_profile(shared_data, breeder)
    named = {tag: breeder.make(name, "LO") for tag, name in FURTHER.items()}
    drug, icon = breeder.make("Radiopharmaceutical", "LO"), breeder.make("icon image", "OB")
    texts = {name: breeder.make(f"{name} of a refused series", "CS") for name in REFUSED}
    association, ae_title = Association.breed(breeder), breeder.make("destination's AE title", "AE")
    device = {"name": "workstation", "ae_title": ae_title.value, "address": DESTINATION, "port": port}
    stack.call("POST", "devices", json={**device, "destination": True})
    of_vendors = list(planted_series.vendors(breeder))
    numbers = itertools.count(1)
    sent = [
        (planted_series.at_the_top(profile, named, drug, icon), False),
        (planted_series.in_sequences(profile), True),
        (planted_series.in_private_groups(profile), False),
        *((change, False) for _, change in of_vendors),
    ]
    series = [
        planted_series.series(next(numbers), profile, change, implicit=implicit) for change, implicit in sent
    ]
    series.append(planted_series.series(next(numbers), profile, planted_series.refused(texts)))
    for one in series:
        assert association.send(stack.dicom_port, one) == [0] * SLICES
    *delivered, refused = _ended(stack, [one[0].SeriesInstanceUID for one in series])
    wait_for(lambda: len(list((stack.folder / "server/erased").iterdir())) == len(sent), "erased", 30)
    canaries = [one for found, _ in of_vendors for one in found.values()]
    places, manifests = outside.everything(stack, wire, kept), wire.packages()
    stack.stop("server")
    stack.start_server("--model", "identity-per-patient")
    last = planted_series.series(next(numbers), profile, planted_series.of_a_patient(profile))
    assert association.send(stack.dicom_port, last) == [0] * SLICES
    *_, of_a_patient = _ended(stack, [one[0].SeriesInstanceUID for one in [*series, last]])
    return Run(
        profile,
        [*named.values(), drug, icon, ae_title, *texts.values(), *canaries, *ADDRESSES],
        association,
        delivered,
        refused,
        places,
        [manifest for manifest, _ in manifests],
        kept.blobs(),
        of_a_patient,
        outside.everything(stack, wire, kept),
        [manifest for manifest, _ in wire.packages()],
    )


REFUSED = ("PatientName", "PatientID", "Units", "DecayCorrection")


def _ended(stack: Stack, series_uids: list[str]) -> list[dict[str, Any]]:
    """Return the tasks of these series once all have ended."""
    tasks: dict[str, dict[str, Any]] = {}

    def over() -> bool:
        tasks.update({task["series"]["series_uid"]: task for task in stack.tasks()})
        return set(tasks) == set(series_uids) and all(
            task["status"] in {"done", "stopped"} for task in tasks.values()
        )

    wait_for(over, "not all tasks have ended", 300)
    return [stack.task(tasks[str(uid)]["id"]) for uid in series_uids]


def test_every_planted_series_was_delivered(run: Run) -> None:
    assert [(task["status"], task["reason"]) for task in run.delivered] == [("done", None)] * 9
    assert [task["deliveries"][0]["accepted"] for task in run.delivered] == [SLICES] * 9
    assert run.refused["outcome"] == "rejected"


def test_every_attribute_of_the_profile_was_planted_or_is_listed_with_its_reason(run: Run) -> None:
    lacking = {
        tag for tag, canary in run.profile.items() if not all(raw in run.inside for raw in canary.stored)
    }
    print(f"Table E.1-1: 621 attributes, {621 - len(lacking | set(NOT_UNIQUE))} planted and delivered;")
    for tag, why in sorted((NOT_UNIQUE | NOT_IN_A_DATASET).items()):
        print(f"  not as such ({tag >> 16:04X},{tag & 0xFFFF:04X}): {why}")
    assert len(run.profile) == 621
    assert lacking <= set(NOT_IN_A_DATASET)
    assert all(not run.profile[tag].stored for tag in NOT_UNIQUE)


def test_no_canary_is_found_outside(run: Run) -> None:
    found = find(run.places, run.canaries)
    size = sum(map(len, run.places.values()))
    unique = [one for one in run.canaries if one.texts or one.raw]
    print(
        f"{len(unique)} canaries planted, {len(found)} found outside, "
        f"in {size} bytes of: {', '.join(run.places)}"
    )
    assert found == []


def test_what_was_searched_is_what_left(run: Run) -> None:
    assert len(run.manifests) == len(run.delivered)
    assert sum(name.startswith("voxels") for name in run.places) == len(run.delivered)
    assert run.places["HTTP requests"].count(b"PATCH /v1/jobs/") >= len(run.delivered)
    assert run.places["HTTP requests"].count(b"POST /v1/eligibility") == len(run.delivered)
    assert run.places["broker messages"].count(b"\n") > 5 * len(run.delivered)
    assert sum(name.startswith("metrics") for name in run.places) >= 6
    assert all(run.places.values())


def test_the_patient_is_not_in_a_manifest_unless_the_model_asks(run: Run) -> None:
    assert all("Subject" not in manifest for manifest in run.manifests)


def test_a_model_that_asks_gets_the_patient_in_one_field_of_the_manifest_only(run: Run) -> None:
    weight, height = run.profile[0x00101030], run.profile[0x00101020]
    assert (run.of_a_patient["status"], run.of_a_patient["reason"]) == ("done", None)
    [asked] = [manifest for manifest in run.manifests_after if "Subject" in manifest]
    assert asked.pop("Subject") == {
        "BodyWeight": weight.number,
        "BodyHeight": height.number,
        "Sex": "O",
        "Age": 89,
    }
    left = f"manifest {run.manifests_after.index(asked)}"
    found = find(run.places_after, [weight, height])
    assert {one.where for one in found} == {"HTTP requests", left}
    assert run.places_after["HTTP requests"].count(weight.texts[0].encode()) == 1
    assert not find({left: json.dumps(asked).encode()}, run.canaries)
    others = [one for one in run.canaries if one not in (weight, height)]
    assert find(run.places_after, others) == []


def test_ae_titles_and_addresses_are_in_the_task_alone(run: Run) -> None:
    source = run.delivered[0]["source"]
    assert source["calling_ae_title"] == run.association.calling.value
    assert source["address"] == SENDER
    assert run.delivered[0]["deliveries"][0]["destination"]["address"] == DESTINATION


@pytest.mark.parametrize("where", ["HTTP requests", "logs", "broker messages", "blob keys", "voxels 0"])
def test_a_canary_left_in_on_purpose_is_found(run: Run, where: str) -> None:
    for vr in ("LO", "PN", "UI", "DA", "TM", "DT", "OB", "SQ"):
        canary = next(one for one in run.profile.values() if one.vr == vr)
        for leak in _leaks(canary):
            leaky = {**run.places, where: run.places[where] + b' "x": ' + leak + b","}
            assert canary.where in {one.canary for one in find({where: leaky[where]}, [canary])}


def _leaks(canary: Canary) -> Iterator[bytes]:
    """Yield the ways in which a value gets out."""
    if canary.raw:
        yield canary.raw
        yield canary.raw.hex().encode()
        yield base64.b64encode(b"z" + canary.raw + b"z")
        return
    for text in canary.texts:
        yield text.encode()
        yield text.lower().encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield text.encode().hex().upper().encode()
        yield "".join(f"%{byte:02X}" for byte in text.encode()).encode()
        yield from (base64.b64encode(b"zz"[:phase] + text.encode() + b"zz") for phase in range(3))


def test_a_number_left_in_on_purpose_is_found(run: Run) -> None:
    weight = run.profile[0x00101030]
    assert weight.number is not None
    for leak in (
        json.dumps({"BodyWeight": weight.number}).encode(),
        json.dumps({"grams": weight.number * 1000}).encode(),
        f"{weight.number:.5E}".encode(),
        struct.pack("<d", weight.number),
    ):
        assert find({"a recorded body": leak}, [weight])

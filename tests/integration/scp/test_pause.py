"""A paused receiver sends new associations away for the time being, and keeps what it has begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom import Dataset

from petfectior import association_log, pauses
from tests import dcmtk
from tests.integration.scp.conftest import House, Node, store, until

CONGESTION = ["Rejected Transient", "Service Provider (Presentation", "Temporary Congestion"]


def said(output: str) -> bool:
    return all(text in output for text in CONGESTION)


def test_a_paused_receiver_rejects_until_it_is_resumed_even_over_a_restart(
    node: Node, house: House, series: Callable[..., list[Dataset]], tmp_path: Path
) -> None:
    registry = house.ports.registry
    first, *rest = series(6)
    file = tmp_path / "one.dcm"
    first.save_as(file, enforce_file_format=True)
    assert dcmtk.echoscu(node.port).returncode == 0
    with node.association() as begun:
        assert store(begun, first) == 0
        pauses.pause(registry, pauses.RECEIVER, "ana")
        until(lambda: dcmtk.echoscu(node.port).returncode != 0)
        assert [store(begun, one) for one in rest] == [0] * 5
    assert house.gathered().received == 6
    node.kill(15)
    node.start()
    echo, sent = dcmtk.echoscu(node.port), dcmtk.storescu(node.port, file)
    assert (echo.returncode, said(echo.stdout + echo.stderr)) == (1, True), echo.stderr
    assert (sent.returncode != 0, said(sent.stdout + sent.stderr)) == (True, True), sent.stderr
    entries = until(
        lambda: [one for one in association_log.newest(registry) if one.reason == "receiver-paused"]
    )
    assert {(one.result, one.calling_ae_title) for one in entries} == {("rejected", "SCANNER")}
    pauses.resume(registry, pauses.RECEIVER)
    until(lambda: dcmtk.echoscu(node.port).returncode == 0)
    assert dcmtk.storescu(node.port, file).returncode == 0

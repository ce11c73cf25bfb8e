"""Several processes share one port: what a peer does is the same whichever of them it meets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from simulator.stack import free_port
from tests.integration.scp.conftest import House, Node, until


def test_processes_of_one_port_take_turns(
    tmp_path: Path, house: House, series: Callable[..., list[Dataset]]
) -> None:
    settings = {"minimum_images": "5", "disk_low_bytes": "0", "dicom_processes": "2"}
    shared = {**settings, "dicom_port": str(free_port())}
    nodes = [Node(tmp_path / "data", {**shared, "replica": f"scp-{number}"}) for number in range(2)]
    sent = 0

    def both_served() -> bool:
        nonlocal sent
        assert set(nodes[0].send(series())) == {0}
        sent += 1
        return {line["replica"] for line in nodes[0].log("association.ended")} == {"scp-0", "scp-1"}

    try:
        for node in nodes:
            node.start()
        until(both_served)
        until(lambda: [one.stage for one in house.tasks()] == ["anonymize"] * sent)
    finally:
        assert [node.kill(15) for node in nodes if node.process is not None] == [0, 0]


def test_a_port_of_one_process_is_not_shared(node: Node) -> None:
    second = Node(node.data_dir, {"dicom_port": str(node.port)})
    with pytest.raises(AssertionError, match="the scp ended"):
        second.start()
    assert [line["port"] for line in node.log("scp.port-not-free")] == [node.port]

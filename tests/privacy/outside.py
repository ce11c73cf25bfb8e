"""Everything that leaves the gateway, and all that may be seen of it from outside its stores."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import requests

from petfectior.pet import voxel_block
from simulator.stack import Stack
from tests.privacy.stores import Stores


@dataclass
class Request:
    """One HTTP request as it went over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """A TCP forwarder that keeps every byte of both directions."""

    target: int
    port: int = 0
    sent: list[bytearray] = field(default_factory=list)
    answered: list[bytearray] = field(default_factory=list)

    def start(self) -> None:
        wire = self

        class Forward(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                out, back = bytearray(), bytearray()
                wire.sent.append(out)
                wire.answered.append(back)
                try:
                    peer = socket.create_connection(("127.0.0.1", wire.target))
                except OSError:
                    return
                with peer:
                    thread = threading.Thread(target=_pump, args=(peer, self.request, back), daemon=True)
                    thread.start()
                    _pump(self.request, peer, out)
                    thread.join(5)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Forward)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def requests(self) -> list[Request]:
        """Return all requests, parsed from the bytes."""
        return [one for stream in self.sent for one in _requests(bytes(stream))]

    def packages(self) -> list[tuple[dict[str, Any], bytes]]:
        """Return the manifest and the block of every package that left, from the bytes alone."""
        manifests: dict[str, dict[str, Any]] = {}
        blocks: dict[str, bytes] = defaultdict(bytes)
        for one in self.requests():
            if one.method == "POST" and one.path.endswith("/jobs"):
                body = json.loads(one.body)
                manifests[body["id"]] = body["manifest"]
            elif one.method == "PATCH":
                blocks[one.path.split("/")[-2]] += one.body
        return [(manifest, blocks[job]) for job, manifest in manifests.items()]


def _pump(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    try:
        while data := source.recv(1 << 16):
            kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _requests(stream: bytes) -> list[Request]:
    found = []
    while b"\r\n\r\n" in stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _version = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0"))
        assert "transfer-encoding" not in headers
        found.append(Request(method, path, headers, rest[:length]))
        stream = rest[length:]
    return found


def everything(stack: Stack, wire: Wire, stores: Stores) -> dict[str, bytes]:
    """Return, by name, all that left and all that can be seen."""
    data = stack.folder / "data"
    found = {
        "HTTP requests": b"\n".join(map(bytes, wire.sent)),
        "HTTP answers": b"\n".join(map(bytes, wire.answered)),
        "broker messages": stores.messages(),
        **stores.seen(),
        "spool names": _names(data / "spool"),
        "server's names": _names(stack.folder / "server"),
        "logs": _contents(data / "logs"),
        "stdout": stack.log("gateway").read_bytes() + stack.log("server").read_bytes(),
        "command lines": _command_lines(),
        "health": requests.get(f"http://127.0.0.1:{stack.api_port}/health", timeout=10).content,
    }
    found |= {f"metrics of port {port}": _metrics(port) for port in _metric_ports(found["logs"])}
    found["metrics of the api"] = _metrics(stack.api_port)
    for number, (manifest, block) in enumerate(wire.packages()):
        found[f"manifest {number}"] = json.dumps(manifest).encode()
        found[f"voxels {number}"] = _unpacked(manifest["Block"], block, stack.folder / "block")
    return found


def _names(folder: Path) -> bytes:
    return "\n".join(str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))).encode()


def _contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def _command_lines() -> bytes:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"services." in line or b"petfectior" in line:
            lines.append(line)
    return b"\n".join(lines)


def _metric_ports(logs: bytes) -> list[int]:
    started = re.findall(rb"^.*service\.started.*$", logs, re.MULTILINE)
    return [int(json.loads(line)["port"]) for line in started]


def _metrics(port: int) -> bytes:
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    answer.raise_for_status()
    return answer.content


def _unpacked(block: dict[str, Any], content: bytes, path: Path) -> bytes:
    path.write_bytes(content)
    shape = tuple(block["Shape"])
    planes = voxel_block.read(path, shape, block["DataType"], block["Encoding"])
    return np.stack(list(planes)).tobytes()

"""A server of MongoDB's protocol: mongo-java-server over H2, since no mongod is to be had."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pymongo
from pymongo.errors import PyMongoError

from tests.servers.processes import Missing, Server, cache, free_port, required

SOURCE: Final = Path(__file__).parent / "mongo"


def classes() -> Path:
    return cache() / "mongo-java-server-1.47.0"


def install() -> None:
    """Let Maven compile the main class and gather its jars."""
    if (classes() / "built").exists():
        return
    build = classes() / "build"
    shutil.copytree(SOURCE, build, dirs_exist_ok=True)
    goals = ["package", "dependency:copy-dependencies", "-DoutputDirectory=target/lib"]
    subprocess.run([required("mvn"), "-q", "-B", *goals], cwd=build, check=True)
    (classes() / "built").touch()


class Mongo:
    """A document server; `url` stays the same when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        if not (classes() / "built").exists():
            raise Missing("mongo-java-server")
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = f"mongodb://127.0.0.1:{port}/petfectior"
        target = classes() / "build" / "target"
        jars = f"{target / 'classes'}:{target / 'lib'}/*"
        command = [
            required("java"),
            "-Xmx512m",
            "-cp",
            jars,
            "MongoForTests",
            str(port),
            str(folder / "data.mv"),
        ]
        self.server = Server(command, {}, folder / "log.txt", self._answers)

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.stop()

    def _answers(self) -> bool:
        with pymongo.MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=300) as client:
            try:
                client.admin.command("ping")
            except PyMongoError:
                return False
        return True

"""The server under test: a vendor's, named by the environment, or else the reference server.

PETFECTIOR_CONFORMANCE_URL and PETFECTIOR_CONFORMANCE_TOKEN name a server; PETFECTIOR_CONFORMANCE_CLIENT a
client that has a licence there for [18F]FDG; PETFECTIOR_CONFORMANCE_CA a bundle of CA certificates.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "processing-api.yaml"
ROOT_URI = "urn:processing-api"


@dataclass
class Api:
    """Calls one server and holds every answer to the description."""

    url: str
    token: str
    client: str
    description: dict[str, Any]
    session: requests.Session

    def call(self, method: str, path: str, **values: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **values.pop("headers", {})}
        response = self.session.request(
            method, f"{self.url}/v1{path}", headers=headers, timeout=90, allow_redirects=False, **values
        )
        if response.status_code >= 400 and method != "HEAD":
            assert response.headers["Content-Type"].startswith("application/problem+json")
            self.check("Problem", response.json())
            assert response.json()["status"] == response.status_code
        return response

    def check(self, schema: str, document: Any) -> None:
        resource = Resource.from_contents(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.description}
        )
        registry: Registry[Any] = Registry().with_resource(ROOT_URI, resource)
        wanted = {"$ref": f"{ROOT_URI}#/components/schemas/{schema}"}
        Draft202012Validator(wanted, registry=registry).validate(document)

    def job(self, response: requests.Response) -> dict[str, Any]:
        document: dict[str, Any] = response.json()
        self.check("Job", document)
        return document


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return document


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory, description: dict[str, Any]) -> Iterator[Api]:
    session = requests.Session()
    url = os.environ.get("PETFECTIOR_CONFORMANCE_URL", "")
    if url:
        session.verify = os.environ.get("PETFECTIOR_CONFORMANCE_CA") or True
        token = os.environ.get("PETFECTIOR_CONFORMANCE_TOKEN", "")
        client = os.environ.get("PETFECTIOR_CONFORMANCE_CLIENT", "conformance")
        yield Api(url.rstrip("/"), token, client, description, session)
        return
    store = str(tmp_path_factory.mktemp("server"))
    command = [sys.executable, "-m", "simulator.processing_server", "--store", store, "--model", "gaussian"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Api(told["url"], told["token"], "conformance", description, session)
        process.terminate()

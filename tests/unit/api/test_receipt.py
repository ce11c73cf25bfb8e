"""The privacy receipt, in the REST API and as a page to print."""

from __future__ import annotations

import hashlib
import time

import httpx
from pydantic import JsonValue

from petfectior import receipts
from petfectior.pet import manifest
from petfectior.service import Ports
from petfectior.task import Job, Receipt, Task
from tests.unit.api.gateway import arriving, packaged

MANIFEST: dict[str, JsonValue] = {"Units": "BQML", "Block": {"RescaleSlope": [0.123456789, 2.0, 1e-05]}}
SERVER = "https://server.example:443"


def sent(ports: Ports, *, erased: bool = True) -> Task:
    """Return a task whose package left."""
    task = packaged(ports, arriving())
    assert task.package is not None
    task.package.manifest, task.package.manifest_sha256 = dict(MANIFEST), manifest.digest(MANIFEST)
    now = time.time()
    task.jobs = [Job(id="j" * 32, nonce="n" * 32, created_at=now, erased_at=now if erased else None)]
    for call, body in [
        ("eligibility", {"tracer": "FDG", "client": "hospital <b>"}),
        ("create-job", {"id": "j" * 32, "manifest": MANIFEST}),
    ]:
        content = receipts.encoded(body)
        digest = hashlib.sha256(content).hexdigest()
        short = receipts.shortened(body, task.package)
        task.receipts.append(
            Receipt(at=now, call=call, sha256=digest, size=len(content), body=short, server=SERVER)
        )
    blob = task.package.blob
    task.receipts.append(
        Receipt(
            at=now, call="package", sha256=blob.sha256, size=blob.size, server=SERVER, certificate="c" * 64
        )
    )
    return ports.tasks.insert(task)


def test_every_body_can_be_proven_from_the_download_alone(ports: Ports, web: httpx.Client) -> None:
    task = sent(ports)
    answer = web.get(f"/api/v1/tasks/{task.id}/receipt")
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="petfectior-receipt-{task.id}.json"'
    )
    told = answer.json()
    assert [one["call"] for one in told["messages"]] == ["eligibility", "create-job", "package"]
    for message in told["messages"][:2]:
        content = receipts.encoded(message["body"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (message["size"], message["sha256"])
    assert told["messages"][1]["body"]["manifest"] == told["manifest"] == MANIFEST
    assert told["manifest_sha256"] == hashlib.sha256(manifest.encode(MANIFEST)).hexdigest()
    assert told["messages"][2]["certificate_sha256"] == "c" * 64
    assert [one["proven"] for one in told["messages"]] == [True] * 3
    assert told["all_erased"] is True
    assert told["attempts"][0]["erasure_confirmed"] is not None


def test_the_manifest_is_kept_once(ports: Ports) -> None:
    task = sent(ports)
    assert task.model_dump_json().count("0.123456789") == 1


def test_of_the_patient_the_receipt_tells_what_left_of_each_job_not_what_is_kept(
    ports: Ports, web: httpx.Client
) -> None:
    task = sent(ports)
    assert task.package is not None
    told = {"BodyWeight": 71.5}
    for message, left in [(1, {}), (2, told)]:
        body: dict[str, JsonValue] = {
            "id": "j" * 32,
            "manifest": {**MANIFEST, "Subject": told} if left else MANIFEST,
        }
        content = receipts.encoded(body)
        short = receipts.shortened(body, task.package)
        digest = hashlib.sha256(content).hexdigest()
        one = Receipt(at=time.time(), call="create-job", sha256=digest, size=len(content), body=short)
        task.receipts[message:] = [one]
    task.package.manifest = {**MANIFEST, "Subject": {**told, "Age": 89}}
    ports.tasks.replace(task)
    made = web.get(f"/api/v1/tasks/{task.id}/receipt").json()
    assert [one["proven"] for one in made["messages"]] == [True] * 3
    assert made["messages"][1]["body"]["manifest"] == MANIFEST
    assert made["messages"][2]["body"]["manifest"] == made["manifest"] == {**MANIFEST, "Subject": told}
    shown = web.get(f"/api/v1/tasks/{task.id}").json()["package"]
    assert shown["manifest"] == made["manifest"]
    assert shown["manifest_sha256"] == made["manifest_sha256"]


def test_a_body_that_was_altered_since_is_told(ports: Ports, web: httpx.Client) -> None:
    task = sent(ports, erased=False)
    task.receipts[0].body = {"tracer": "FDG"}
    ports.tasks.replace(task)
    told = web.get(f"/api/v1/tasks/{task.id}/receipt").json()
    assert [one["proven"] for one in told["messages"]] == [False, True, True]
    assert told["all_erased"] is False
    assert ">NO<" in web.get(f"/tasks/{task.id}/receipt", params={"lang": "en"}).text


def test_the_page_speaks_both_languages_and_shows_everything(ports: Ports, web: httpx.Client) -> None:
    task = sent(ports)
    english = web.get(f"/tasks/{task.id}/receipt", params={"lang": "en"}).text
    spanish = web.get(f"/tasks/{task.id}/receipt", params={"lang": "es"}).text
    assert "Privacy receipt" in english
    assert "The server has confirmed that everything is erased" in english
    assert "Recibo de privacidad" in spanish
    assert "Pregunta por licencia y modelo" in spanish
    assert "hospital &lt;b&gt;" in english
    assert all(receipt.sha256 in english for receipt in task.receipts)
    assert "c" * 64 in english
    assert f'href="/tasks/{task.id}/receipt"' in web.get(f"/tasks/{task.id}").text


def test_nothing_has_left_before_the_upload(ports: Ports, web: httpx.Client) -> None:
    task = ports.tasks.insert(packaged(ports, arriving()))
    told = web.get(f"/api/v1/tasks/{task.id}/receipt").json()
    assert (told["messages"], told["manifest"], told["attempts"]) == ([], None, [])

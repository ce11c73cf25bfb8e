"""What a processing server must do. Run it against a server of your own; see `conftest.py`."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from petfectior.pet import voxel_block
from tests.conformance.conftest import Api

SHAPE = (47, 32, 32)
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {**TUS, "Content-Type": "application/offset+octet-stream"}
PATIENCE = 600.0


def make_block(folder: Path, dtype: str, encoding: voxel_block.Encoding) -> bytes:
    random = np.random.default_rng(1)
    planes = (random.integers(0, 4000, SHAPE[1:]).astype(dtype) for _ in range(SHAPE[0]))
    voxel_block.write(folder / "block", planes, SHAPE, dtype, encoding)
    return (folder / "block").read_bytes()


def job_body(api: Api, content: bytes, dtype: str, encoding: str) -> dict[str, Any]:
    manifest = {
        "SchemaVersion": "1.0",
        "Manufacturer": "other",
        "ManufacturersModelName": "other",
        "Units": "BQML",
        "TracerName": "FDG",
        "TracerRadionuclide": "F18",
        "RadionuclideHalfLife": 6586.2,
        "InjectedRadioactivity": 300.0,
        "InjectedRadioactivityUnits": "MBq",
        "InjectionStart": -3600.0,
        "Reconstruction": {"ReconMethodName": "OSEM", "Iterations": 3, "Subsets": 21},
        "VoxelSpacing": [3.0, 4.0, 4.0],
        "Block": {
            "Shape": list(SHAPE),
            "DataType": dtype,
            "Encoding": encoding,
            "RescaleSlope": [0.5 + index / 100 for index in range(SHAPE[0])],
        },
    }
    return {
        "id": secrets.token_hex(16),
        "nonce": secrets.token_hex(16),
        "client": api.client,
        "model": "",
        "manifest": manifest,
        "package": {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()},
    }


def create(api: Api, folder: Path, dtype: str = "int16", encoding: str = "none") -> tuple[Any, bytes]:
    content = make_block(folder, dtype, "blosc2" if encoding == "blosc2" else "none")
    body = job_body(api, content, dtype, encoding)
    response = api.call("POST", "/jobs", json=body)
    assert response.status_code == 201
    assert api.job(response)["state"] == "created"
    return body, content


def append(api: Api, job_id: str, offset: int, content: bytes) -> Any:
    headers = {**OCTETS, "Upload-Offset": str(offset)}
    return api.call("PATCH", f"/jobs/{job_id}/package", data=content, headers=headers)


def finished(api: Api, job_id: str) -> dict[str, Any]:
    """Follow a job by the long poll until it ends."""
    cursor = ""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        news = api.call("GET", "/jobs", params={"wait": 5, "cursor": cursor}).json()
        api.check("News", news)
        cursor = news["cursor"]
        for job in news["jobs"]:
            if job["id"] == job_id and job["state"] in {"done", "failed", "expired"}:
                found: dict[str, Any] = job
                return found
    raise AssertionError("the job did not end in time")


@pytest.fixture(scope="module")
def done(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A job that was processed, as (create body, job)."""
    body, content = create(api, tmp_path_factory.mktemp("done"))
    assert append(api, body["id"], 0, content).status_code == 204
    job = finished(api, body["id"])
    assert job["state"] == "done", job
    return body, job


def test_health_is_told(api: Api) -> None:
    response = api.call("GET", "/health")
    assert response.status_code == 200
    api.check("Health", response.json())


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_call_without_the_token_is_refused(api: Api, token: str) -> None:
    response = api.call("GET", "/health", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


def test_eligibility_names_the_model_and_what_it_needs(api: Api) -> None:
    body = {
        "client": api.client,
        "tracer": "FDG",
        "radionuclide": "F18",
        "manufacturer": "other",
        "model": "other",
        "reconstruction": {"ReconMethodName": "OSEM", "Iterations": 3},
        "requested_model": "",
    }
    api.check("EligibilityRequest", body)
    response = api.call("POST", "/eligibility", json=body)
    assert response.status_code == 200
    api.check("Eligibility", response.json())


def test_a_model_that_is_not_there_is_refused_by_its_type(api: Api) -> None:
    body = {
        "client": api.client,
        "tracer": "FDG",
        "radionuclide": "F18",
        "manufacturer": "other",
        "model": "other",
        "reconstruction": {},
        "requested_model": f"no-such-model-{secrets.token_hex(4)}",
    }
    response = api.call("POST", "/eligibility", json=body)
    assert response.status_code == 403
    assert response.json()["type"].endswith("/no-model-for-scanner")


def test_create_is_idempotent_and_refuses_another_body(api: Api, tmp_path: Path) -> None:
    body, _ = create(api, tmp_path)
    api.check("JobRequest", body)
    again = api.call("POST", "/jobs", json=body)
    assert again.status_code == 200
    assert api.job(again)["id"] == body["id"]
    other = api.call("POST", "/jobs", json={**body, "nonce": secrets.token_hex(16)})
    assert other.status_code == 409


def test_an_upload_goes_on_from_the_confirmed_offset(api: Api, tmp_path: Path) -> None:
    body, content = create(api, tmp_path)
    place = f"/jobs/{body['id']}/package"
    first = append(api, body["id"], 0, content[:1000])
    assert first.status_code == 204
    assert first.headers["Upload-Offset"] == "1000"
    assert first.headers["Tus-Resumable"] == "1.0.0"
    head = api.call("HEAD", place, headers=TUS)
    assert head.headers["Upload-Offset"] == "1000"
    assert head.headers["Upload-Length"] == str(len(content))
    assert head.headers["Cache-Control"] == "no-store"
    assert append(api, body["id"], 500, content[500:]).status_code == 409
    assert append(api, body["id"], 1000, content[1000:]).headers["Upload-Offset"] == str(len(content))
    assert finished(api, body["id"])["state"] == "done"


def test_another_version_of_tus_and_another_type_are_refused(api: Api, tmp_path: Path) -> None:
    body, content = create(api, tmp_path)
    place = f"/jobs/{body['id']}/package"
    old = {**OCTETS, "Tus-Resumable": "0.2.2", "Upload-Offset": "0"}
    assert api.call("PATCH", place, data=content, headers=old).status_code == 412
    plain = {**TUS, "Content-Type": "application/octet-stream", "Upload-Offset": "0"}
    assert api.call("PATCH", place, data=content, headers=plain).status_code == 415


def test_a_package_with_another_digest_fails_as_transient(api: Api, tmp_path: Path) -> None:
    body, content = create(api, tmp_path)
    damaged = bytes([content[0] ^ 1]) + content[1:]
    append(api, body["id"], 0, damaged)
    job = finished(api, body["id"])
    assert job["state"] == "failed"
    assert job["transient"] is True


@pytest.mark.parametrize("encoding", ["none", "blosc2"])
@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32"])
def test_a_result_answers_to_its_job(api: Api, tmp_path: Path, dtype: str, encoding: str) -> None:
    body, content = create(api, tmp_path, dtype, encoding)
    append(api, body["id"], 0, content)
    result = finished(api, body["id"])["result"]
    assert result["nonce"] == body["nonce"]
    image = result["blocks"][0]
    assert image["role"] == "image"
    assert (image["shape"], image["dtype"]) == (list(SHAPE), dtype)
    assert sum(block["size"] for block in result["blocks"]) == result["size"]
    for block in result["blocks"]:
        check_block(api, tmp_path, body["id"], block)


def check_block(api: Api, folder: Path, job_id: str, block: dict[str, Any]) -> None:
    last = block["offset"] + block["size"] - 1
    ranged = {"Range": f"bytes={block['offset']}-{last}"}
    response = api.call("GET", f"/jobs/{job_id}/result", headers=ranged)
    assert response.status_code == 206
    assert hashlib.sha256(response.content).hexdigest() == block["sha256"]
    (folder / "answer").write_bytes(response.content)
    shape = tuple(block["shape"])
    planes = list(voxel_block.read(folder / "answer", shape, block["dtype"], block["encoding"]))
    assert len(planes) == math.prod(shape[:-2])
    assert all(np.isfinite(plane.astype(np.float64)).all() for plane in planes)
    slopes = block.get("rescale_slope", [])
    assert len(slopes) == (0 if block["dtype"] == "float32" else len(planes))


def test_a_download_goes_on_from_a_byte(api: Api, done: Any) -> None:
    body, job = done
    place = f"/jobs/{body['id']}/result"
    whole = api.call("GET", place)
    assert whole.status_code == 200
    assert whole.headers["ETag"] == f'"{job["result"]["sha256"]}"'
    assert hashlib.sha256(whole.content).hexdigest() == job["result"]["sha256"]
    headers = {"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}
    rest = api.call("GET", place, headers=headers)
    assert rest.status_code == 206
    assert rest.content == whole.content[100:]
    size = len(whole.content)
    assert rest.headers["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    changed = api.call("GET", place, headers={**headers, "If-Range": '"other"'})
    assert changed.status_code == 200
    beyond = api.call("GET", place, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416


def test_a_job_without_a_result_has_none_to_give(api: Api, tmp_path: Path) -> None:
    body, _ = create(api, tmp_path)
    assert api.call("GET", f"/jobs/{body['id']}/result").status_code == 409


def test_a_quiet_long_poll_lasts_as_long_as_asked(api: Api, done: Any) -> None:
    del done
    cursor = api.call("GET", "/jobs").json()["cursor"]
    began = time.monotonic()
    news = api.call("GET", "/jobs", params={"cursor": cursor, "wait": 1}).json()
    assert news["jobs"] == []
    assert 0.9 < time.monotonic() - began < 10


def test_a_cursor_that_is_not_known_answers_all_jobs(api: Api, done: Any) -> None:
    body, _ = done
    news = api.call("GET", "/jobs", params={"cursor": "no-such-cursor"}).json()
    assert body["id"] in {job["id"] for job in news["jobs"]}


def test_an_erased_job_is_gone_and_its_id_never_comes_back(api: Api, tmp_path: Path) -> None:
    body, content = create(api, tmp_path)
    append(api, body["id"], 0, content)
    place = f"/jobs/{body['id']}"
    assert api.call("DELETE", place).status_code == 204
    assert api.call("DELETE", place).status_code == 204
    assert api.call("GET", place).status_code in {404, 410}
    assert api.call("GET", f"{place}/result").status_code in {404, 410}
    assert api.call("POST", "/jobs", json=body).status_code == 410


def test_an_id_that_was_never_known_can_be_erased_before_it_is_created(api: Api, tmp_path: Path) -> None:
    content = make_block(tmp_path, "int16", "none")
    body = job_body(api, content, "int16", "none")
    assert api.call("DELETE", f"/jobs/{body['id']}").status_code == 204
    assert api.call("POST", "/jobs", json=body).status_code == 410


def test_an_unknown_job_is_not_found(api: Api) -> None:
    assert api.call("GET", f"/jobs/{secrets.token_hex(16)}").status_code == 404

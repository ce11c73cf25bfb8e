"""What a result may say of itself."""

from __future__ import annotations

from typing import Any

import pytest

from petfectior.errors import Quarantined
from petfectior.reasons import sentence
from petfectior.task import Blob, Job, Package
from services.transfer.result_descriptor import verified

SHAPE = (3, 4, 5)
JOB = Job(id="0" * 32, nonce="n" * 32, created_at=0.0)


def package(dtype: str = "int16") -> Package:
    blob = Blob(key="a", size=1, sha256="0" * 64)
    return Package(
        blob=blob,
        manifest={},
        manifest_sha256="",
        order=blob,
        encoding="none",
        dtype=dtype,
        shape=SHAPE,
        units="BQML",
    )


def block(role: str = "image", dtype: str = "int16", offset: int = 0, **other: Any) -> dict[str, Any]:
    slopes = [] if dtype == "float32" else [0.5, 0.25, 1e-5]
    size = 240 if dtype == "float32" else 120
    stated = {"role": role, "offset": offset, "size": size, "sha256": "a" * 64, "shape": list(SHAPE)}
    return {**stated, "dtype": dtype, "encoding": "none", "rescale_slope": slopes, **other}


def result(*blocks: dict[str, Any], **other: Any) -> dict[str, Any]:
    size = sum(one["size"] for one in blocks)
    stated = {"nonce": JOB.nonce, "size": size, "sha256": "b" * 64, "blocks": list(blocks)}
    return {**stated, "model": "m", "model_version": "1", **other}


GOOD = [
    (result(block()), "int16"),
    (result(block(), block("removed-noise", offset=120)), "int16"),
    (result(block(dtype="uint16"), block("removed-noise", offset=120)), "uint16"),
    (result(block(dtype="float32")), "float32"),
    (result({**block(), "encoding": "blosc2", "size": 90}), "int16"),
]


@pytest.mark.parametrize(("stated", "dtype"), GOOD)
def test_a_result_that_answers_to_the_job_passes(stated: dict[str, Any], dtype: str) -> None:
    assert verified(stated, JOB, package(dtype)).nonce == JOB.nonce


BAD = [
    (None, "result-descriptor-invalid"),
    ({}, "result-descriptor-invalid"),
    (result(), "result-descriptor-invalid"),
    (result(block(role="mask")), "result-descriptor-invalid"),
    (result(block(sha256="../../etc/passwd")), "result-descriptor-invalid"),
    (result(block(), nonce="m" * 32), "result-nonce-wrong"),
    (result(block(), size=121), "result-blocks-wrong"),
    (result(block(offset=1)), "result-blocks-wrong"),
    (result(block("removed-noise")), "result-blocks-wrong"),
    (result(block(), block(offset=120)), "result-blocks-wrong"),
    (result(block(), block("removed-noise", offset=60)), "result-blocks-wrong"),
    (result(block(shape=[3, 5, 4])), "result-shape-wrong"),
    (result(block(shape=[60])), "result-shape-wrong"),
    (result(block(dtype="uint16")), "result-dtype-wrong"),
    (result(block(dtype="float32")), "result-dtype-wrong"),
    (result(block(size=119)), "result-length-wrong"),
    (result(block(size=1 << 40, encoding="blosc2")), "result-length-wrong"),
    (result(block(rescale_slope=[1.0, 1.0])), "result-slopes-wrong"),
    (result(block(rescale_slope=[1.0, 0.0, 1.0])), "result-slopes-wrong"),
    (result(block(rescale_slope=[1.0, -1.0, 1.0])), "result-slopes-wrong"),
    (result(block(rescale_slope=[1.0, float("inf"), 1.0])), "result-slopes-wrong"),
    (result(block(rescale_slope=[1.0, float("nan"), 1.0])), "result-slopes-wrong"),
]


@pytest.mark.parametrize(("stated", "code"), BAD)
def test_a_result_that_does_not_is_refused_with_its_own_code(
    stated: dict[str, Any] | None, code: str
) -> None:
    with pytest.raises(Quarantined) as refused:
        verified(stated, JOB, package())
    assert refused.value.reason.code == code
    assert sentence(refused.value.reason, "es")

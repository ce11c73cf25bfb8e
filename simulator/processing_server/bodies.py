"""The bodies that the API takes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EligibilityRequest(_Body):
    """What is asked before any upload: numbers and closed enumerations only."""

    client: str
    tracer: str
    radionuclide: str
    manufacturer: str
    model: str
    reconstruction: dict[str, JsonValue]
    requested_model: str = ""


class PackageRequest(_Body):
    """Length and digest of the voxel block."""

    size: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class JobRequest(_Body):
    """A new job."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{7,63}$")
    nonce: str = Field(min_length=16, max_length=128)
    client: str
    model: str = ""
    manifest: dict[str, Any]
    package: PackageRequest

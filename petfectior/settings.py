"""Settings: the environment, `.env` and secret files first, then what the Registry holds, then defaults.

Every field is read from ``PETFECTIOR_<NAME>``, or from a file ``petfectior_<name>`` in the folder that
``PETFECTIOR_SECRETS_DIR`` names. A value from the environment wins over a stored one and is shown as fixed.
"""

from __future__ import annotations

import ipaddress
import os
import platform
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import platformdirs
from pydantic import AfterValidator, Field, JsonValue, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from petfectior.access.person import Role
from petfectior.errors import Conflict, NotFound, Rejected
from petfectior.ports import Registry

KIND: Final = "setting"


def _stored(default: Any, **constraints: Any) -> Any:  # noqa: ANN401 - pydantic's Field is untyped
    """Declare a setting that a person may change while the services run."""
    return Field(default=default, json_schema_extra={"stored": True}, **constraints)


def _issuer(url: str) -> str:
    try:
        if url:
            require_secure(url)
    except Rejected as error:
        raise ValueError("an issuer is https://…, or http://… of this machine") from error
    return url


class Settings(BaseSettings):
    """All settings. Those marked *stored* can be changed at run time; the others at start only."""

    model_config = SettingsConfigDict(
        env_prefix="PETFECTIOR_",
        env_file=".env",
        extra="ignore",
        allow_inf_nan=False,
        secrets_dir=os.environ.get("PETFECTIOR_SECRETS_DIR"),
    )

    # Where things are (at start only)
    data_dir: Path = Path(platformdirs.user_data_dir("petfectior"))
    broker_url: SecretStr = Field(SecretStr("embedded"), description="amqp(s)://… or 'embedded'")
    blob_url: SecretStr = Field(SecretStr("embedded"), description="http(s)://key:secret@host/bucket")
    store_url: SecretStr = Field(SecretStr("embedded"), description="mongodb://…/database or 'embedded'")
    replica: str = Field(default_factory=lambda: f"{platform.node()}-{uuid4().hex[:8]}")
    threads: int = Field(2, ge=1, le=64, description="worker threads, and events in hand, per replica")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    health_host: str = "127.0.0.1"
    health_port: int = Field(0, ge=0, le=65535, description="health and metrics; 0 takes a free port")

    # DICOM node (at start only)
    ae_title: str = Field("PETFECTIOR", min_length=1, max_length=16)
    dicom_host: str = "0.0.0.0"  # noqa: S104 - a DICOM node is there to be reached
    dicom_port: int = Field(11115, ge=0, le=65535)
    dicom_processes: int = Field(
        1, ge=1, le=16, description="processes of `petfectior run` that share the port; limits hold in each"
    )
    dicom_tls_port: int | None = Field(None, ge=0, le=65535, description="DICOM TLS; none listens not")
    dicom_tls_certificate: str = Field("", description="path of a PEM with certificate and key")
    dicom_tls_trust: str = Field("", description="path of a PEM with the peers' authorities")
    dicom_tls_clients: Literal["unasked", "optional", "required"] = Field(
        "required", description="whether who associates is asked for a certificate"
    )
    scp_address: str = Field("127.0.0.1", description="where the api reaches the DICOM node, for uploads")
    spool_dir: Path | None = Field(None, description="default: <data_dir>/spool")

    # Web (at start only)
    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=0, le=65535)
    api_names: str = Field("", description="comma-separated DNS names that the pages are reached by")
    api_tls: Literal["off", "self-signed", "own"] = Field(
        "off", description="HTTPS: with a certificate made at first start, or with your own"
    )
    api_certificate: Path | None = Field(None, description="your own: PEM of the certificate and its chain")
    api_key: Path | None = Field(None, description="your own: PEM of the private key")

    # Sign-in by an identity provider (at start only; without issuer and client ID there is none)
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        "", description="https://… as the provider's discovery document says it"
    )
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_title: str = Field("OpenID Connect", max_length=64, description="what people call the provider")
    oidc_name_claim: str = Field("preferred_username", description="claim that holds the user's name")
    oidc_roles_claim: str = Field("groups", description="claim that holds groups or roles")
    oidc_roles: dict[str, Role] = Field(default={}, description="the claim's values → our roles")
    oidc_ca: str = Field("", description="path of a CA bundle, for a provider of the hospital's own")
    oidc_proxy_url: SecretStr = Field(SecretStr(""), description="proxy to the provider")

    # Access (stored)
    session_idle_minutes: float = _stored(
        30.0, ge=1, le=43200, description="left alone so long ends a session"
    )
    session_hours: float = _stored(12.0, ge=0.1, le=720, description="the longest that a session lasts")

    # Retention (stored)
    log_days: float = _stored(30.0, gt=0, le=3650, description="log lines are kept so long")

    # Receiving (stored)
    quiet_seconds: float = _stored(30.0, ge=0.1, le=3600, description="no instance for so long ends a series")
    quiet_seconds_by_sender: dict[str, Annotated[float, Field(ge=0.1, le=3600)]] = _stored(
        default={}, description="AE title → seconds"
    )
    minimum_images: int = _stored(47, ge=1)
    spacing_tolerance: float = _stored(0.10, gt=0, lt=1, description="fraction of the median slice gap")
    disk_low_bytes: int = _stored(1 << 30, ge=0, description="free bytes below which instances are refused")
    accept_other: bool = _stored(default=False, description="accept and forward what is not processed")
    called_ae_checked: bool = _stored(default=False, description="refuse who calls another AE title")
    known_senders_only: bool = _stored(default=False, description="refuse who is no device of the table")
    associations: int = _stored(100, ge=1, le=1000, description="open at once, of all peers")
    associations_per_peer: int = _stored(32, ge=1, le=1000, description="open at once, of one address")
    handshake_seconds: float = _stored(10.0, ge=1, le=300, description="from connection to A-ASSOCIATE-RQ")
    pdu_seconds: float = _stored(30.0, ge=1, le=3600, description="for a PDU that has begun")
    idle_seconds: float = _stored(300.0, ge=1, le=86400, description="from PDU to PDU")
    largest_instance_bytes: int = _stored(2 << 30, ge=1 << 20, lt=1 << 32)
    largest_association_bytes: int = _stored(256 << 30, ge=1 << 20)
    accept_deflated: bool = _stored(default=False, description="accept deflated syntaxes, to forward")

    # Processing server (stored)
    server_url: str = _stored("", description="https://… of the processing server")
    server_token: SecretStr = _stored(SecretStr(""))
    client_id: str = _stored("")
    server_ca: str = _stored("", description="path of a CA bundle")
    server_client_certificate: str = _stored("", description="path of a PEM with certificate and key")
    proxy_url: SecretStr = _stored(SecretStr(""))
    no_proxy: str = _stored("", description="comma-separated hosts reached without the proxy")
    model: str = _stored("", description="model asked for; empty lets the server choose")
    park_hours: float = _stored(24.0, gt=0, description="no answer for so long parks a task")
    activity_drift: float = _stored(0.20, gt=0, le=1, description="allowed change of total activity")

    # Derived series and delivery (stored)
    mirror_mode: bool = _stored(default=True)
    uid_root: str = _stored("2.25", max_length=30, pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")
    series_description_suffix: str = _stored("PETfectior", max_length=32)
    series_number_offset: int = _stored(1000, ge=1, le=100000)
    deliveries_per_destination: int = _stored(2, ge=1, le=16)
    delivery_hours: float = _stored(24.0, gt=0, description="then a failing delivery is parked")
    delivery_first_retry: float = _stored(30.0, gt=0, description="seconds, doubling to one hour")
    grafana_url: str = _stored(
        "", pattern=r"^(https?://[^\s\"'<>]+)?$", description="linked from the dashboard"
    )
    language: Annotated[Literal["en", "es"], NoDecode] = _stored("en")

    @property
    def spool(self) -> Path:
        """Folder of the scp's spool."""
        return self.spool_dir or self.data_dir / "spool"

    @property
    def oidc(self) -> bool:
        """Whether people may sign in by an identity provider."""
        return bool(self.oidc_issuer and self.oidc_client_id)


def _build(values: dict[str, Any]) -> Settings:
    return Settings(**values)


def require_secure(url: str) -> None:
    """Check a server's address: HTTPS, or HTTP to this machine. Raises `Rejected`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Rejected("server-address-invalid")
    if parts.scheme != "https" and not loopback(parts.hostname):
        raise Rejected("server-insecure")


def loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def stored_names() -> list[str]:
    """Return the names of the settings that may be changed while the services run."""
    return [
        name
        for name, field in Settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("stored")
    ]


def effective(base: Settings, registry: Registry) -> Settings:
    """Return `base` with the stored values that the environment does not fix."""
    fixed = base.model_fields_set
    stored = {
        record.key: record.value["value"]
        for record in registry.list(KIND)
        if record.key in stored_names() and record.key not in fixed
    }
    if not stored:
        return base
    known = {name: getattr(base, name) for name in fixed}
    return _build({**known, **stored})


def store(base: Settings, registry: Registry, name: str, value: JsonValue) -> None:
    """Validate and store one setting. Raises what `check` raises."""
    check(base, name, value)
    registry.put(KIND, name, {"value": value})


def check(base: Settings, name: str, value: JsonValue) -> None:
    """Validate one setting without storing it.

    Raises
    ------
    NotFound
        If there is no such stored setting.
    Conflict
        If the environment fixes it.
    Rejected
        ``server-address-invalid`` or ``server-insecure``, if it is the server's address.
    pydantic.ValidationError
        If the value does not fit.
    """
    if name not in stored_names():
        raise NotFound("setting-unknown", name=name)
    if name in base.model_fields_set:
        raise Conflict("setting-fixed-by-environment", name=name)
    _build({name: value})
    if name == "server_url" and value:
        require_secure(str(value))

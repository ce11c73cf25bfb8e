"""The certificate of the pages: the site's own, or one that is made and signed by itself at first start."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import platform
import ssl
from pathlib import Path
from typing import Final

from petfectior.errors import Permanent
from petfectior.settings import Settings

DAYS: Final = 825
"""As long as browsers accept (CA/Browser Forum, before 2020)."""
RENEWED_BEFORE: Final = dt.timedelta(days=30)

# ruff: noqa: PLC0415 - cryptography is in the api's image; the command line is in every one


def files(base: Settings) -> tuple[Path, Path] | None:
    """Return the files of certificate and key, made if need be; None without HTTPS.

    Raises
    ------
    Permanent
        If the site's own are to be used and are not there.
    """
    if base.api_tls == "off":
        return None
    if base.api_tls == "own":
        return _own(base)
    certificate, key = made(base)
    if not certificate.exists() or _ends(certificate) - _now() < RENEWED_BEFORE:
        _make(certificate, key, _names(base))
    return certificate, key


def made(base: Settings) -> tuple[Path, Path]:
    """Return where the self-signed certificate and its key are or will be."""
    folder = base.data_dir / "tls"
    return folder / "certificate.pem", folder / "key.pem"


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of a certificate, as browsers show it."""
    der = ssl.PEM_cert_to_DER_cert(_first(certificate.read_text()))
    text = hashlib.sha256(der).hexdigest().upper()
    return ":".join(text[place : place + 2] for place in range(0, len(text), 2))


def days_left(certificate: Path) -> float:
    """Return the days until a certificate ends; negative once it has."""
    return (_ends(certificate) - _now()).total_seconds() / 86400


def _own(base: Settings) -> tuple[Path, Path]:
    for file in (base.api_certificate, base.api_key):
        if file is None or not file.is_file():
            raise Permanent("certificate-missing")
    return Path(str(base.api_certificate)), Path(str(base.api_key))


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    return pem[pem.index("-----BEGIN CERTIFICATE-----") : pem.index(end) + len(end)]


def _ends(certificate: Path) -> dt.datetime:
    from cryptography import x509

    return x509.load_pem_x509_certificate(_first(certificate.read_text()).encode()).not_valid_after_utc


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _names(base: Settings) -> list[str]:
    configured = [name.strip() for name in base.api_names.split(",") if name.strip()]
    hosts = ["localhost", "127.0.0.1", "::1", platform.node(), *configured]
    bound = base.api_host
    return list(dict.fromkeys([*hosts, *([] if bound in {"0.0.0.0", "::"} else [bound])]))  # noqa: S104 - compared


def _make(certificate: Path, key: Path, names: list[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "PETfectior")])
    now = _now()
    alternatives: list[x509.GeneralName] = []
    for one in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(one)))
        except ValueError:
            alternatives.append(x509.DNSName(one))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    certificate.parent.mkdir(parents=True, exist_ok=True)
    _write(key, secret)
    _write(certificate, built.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, at once as a whole."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)

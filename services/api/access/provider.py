"""The identity provider: OpenID Connect's authorization code flow with PKCE, by Authlib.

Nothing of the provider's is kept: discovery document and keys are asked for at each signing in, so that
a key that was changed there holds here at once. Neither tokens nor claims are logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
import structlog
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from petfectior import logs
from petfectior.access.errands import Errand
from petfectior.errors import Rejected, Transient
from petfectior.settings import Settings, require_secure
from services.api.access.refusals import NotSignedIn

SCOPE: Final = "openid profile email"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Those with a public key: with another kind whoever knows our secret, or nobody's, could sign."""
KINDS: Final = {"RSA", "EC"}
SECONDS: Final = (5.0, 10.0)
LEEWAY: Final = 60
log = structlog.get_logger()


class _Provider(BaseModel):
    """What we need of the discovery document."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Keys(BaseModel):
    """The provider's public keys; those of kinds that we do not take are left out."""

    keys: list[dict[str, Any]]

    def known(self) -> KeySet:
        return KeySet.import_key_set({"keys": [one for one in self.keys if one.get("kty") in KINDS]})


def address(settings: Settings, state: str, errand: Errand) -> str:
    """Return the provider's address that the browser is sent to.

    Raises
    ------
    Transient
        If the provider does not answer, or speaks of another issuer.
    """
    with _session(settings, errand) as session, _answering():
        provider = _discover(session, settings)
        url, _ = session.create_authorization_url(
            provider.authorization_endpoint, state=state, code_verifier=errand.verifier, nonce=errand.nonce
        )
    return url


def claims(settings: Settings, errand: Errand, code: str) -> dict[str, Any]:
    """Return the checked claims of the ID token that the code is exchanged for.

    Raises
    ------
    NotSignedIn
        If the code is refused, or the token does not pass a check.
    Transient
        If the provider does not answer, or speaks of another issuer.
    """
    with _session(settings, errand) as session, _answering():
        provider = _discover(session, settings)
        keys = _Keys.model_validate(_document(session, provider.jwks_uri)).known()
        token = session.fetch_token(
            provider.token_endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=errand.verifier,
        )
        return _checked(settings, errand, keys, token)


def _checked(settings: Settings, errand: Errand, keys: KeySet, token: dict[str, Any]) -> dict[str, Any]:
    signed = jwt.decode(str(token.get("id_token", "")), keys, ALGORITHMS)
    found = CodeIDToken(
        signed.claims,
        signed.header,
        {
            "iss": {"essential": True, "value": settings.oidc_issuer},
            "aud": {"essential": True, "value": settings.oidc_client_id},
            "sub": {"essential": True},
        },
        {
            "nonce": errand.nonce,
            "client_id": settings.oidc_client_id,
            "access_token": token.get("access_token"),
        },
    )
    found.validate(leeway=LEEWAY)
    return dict(found)


def _discover(session: OAuth2Session, settings: Settings) -> _Provider:
    url = get_well_known_url(settings.oidc_issuer, external=True)
    provider = _Provider.model_validate(_document(session, url))
    for url in (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri):
        require_secure(url)
    if provider.issuer != settings.oidc_issuer:
        raise Rejected("oidc-unreachable")
    return provider


def _document(session: OAuth2Session, url: str) -> object:
    response = session.request("GET", url, withhold_token=True)
    response.raise_for_status()
    document: object = response.json()
    return document


def _session(settings: Settings, errand: Errand) -> OAuth2Session:
    secret = settings.oidc_client_secret.get_secret_value()
    session = OAuth2Session(
        settings.oidc_client_id,
        secret or None,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope=SCOPE,
        redirect_uri=errand.redirect_uri,
        code_challenge_method="S256",
        default_timeout=SECONDS,
    )
    session.trust_env = False
    session.max_redirects = 0
    session.verify = settings.oidc_ca or True
    if proxy := settings.oidc_proxy_url.get_secret_value():
        session.proxies = {"http": proxy, "https": proxy}
    return session


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the libraries raise into our errors; the log holds which check it was, and no value."""
    try:
        yield
    except (OAuthError, JoseError, ValueError) as error:
        if isinstance(error, requests.RequestException | ValidationError):
            raise _unreachable(error) from error
        log.warning("oidc.refused", rule=str(getattr(error, "claim", "")), **logs.describe(error))
        raise NotSignedIn("oidc-answer-invalid") from error
    except (requests.RequestException, Rejected, OSError) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> Transient:
    log.warning("oidc.unreachable", **logs.describe(error))
    return Transient("oidc-unreachable")

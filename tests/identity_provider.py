"""A small OpenID provider on loopback: discovery, keys, a page to sign in, codes and RS256 tokens.

It is as strict as a real one (registered way back, PKCE, the client's secret, a code is good once), and can
be told to answer wrongly.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Form, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.middleware.base import RequestResponseEndpoint

from services.api.server import listener
from tests.unit.api.gateway import until

CLIENT = "petfectior-gateway"
SECRET = "the client's secret, for tests"  # noqa: S105 - of a client that lives as long as a test
Claims = dict[str, Any]
Text = Annotated[str, Form()]


@cache
def made_key(kid: str) -> RSAKey:
    """Return a key; making one takes long."""
    return RSAKey.generate_key(2048, {"use": "sig", "kid": kid})


@dataclass
class Person:
    """Somebody whom the provider knows."""

    sub: str = "b5c2e0"
    name: str = "ana.ruiz@hospital.example"
    groups: Any = "pet-viewers"


@dataclass
class Provider:
    """The provider's state; a test changes it to have it answer wrongly.

    Parameters
    ----------
    spoil
        Changes an ID token's claims before it is signed.
    sign
        Signs them; by default by the published key.
    broken
        Last part of a path → what is answered there instead.
    """

    issuer: str = ""
    person: Person = field(default_factory=Person)
    key: RSAKey = field(default_factory=lambda: made_key("one"))
    spoil: Callable[[Claims], Claims] = dict
    sign: Callable[[Claims], str] | None = None
    says_it_is: str = ""
    broken: dict[str, Response] = field(default_factory=dict)
    ways_back: set[str] = field(default_factory=set)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    def id_token(self, nonce: str) -> str:
        """Return the signed token of the person."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.person.sub,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "preferred_username": self.person.name,
            "groups": self.person.groups,
        }
        token = (self.sign or self.by_key(self.key))(self.spoil(claims))
        self.tokens.append(token)
        return token

    @staticmethod
    def by_key(key: RSAKey, kid: str = "one") -> Callable[[Claims], str]:
        """Sign by a key, published or not."""
        return lambda claims: jwt.encode({"alg": "RS256", "kid": kid}, claims, key)

    @staticmethod
    def by_secret(claims: Claims) -> str:
        """Sign by the client's secret, which is no key of the provider's."""
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])

    @staticmethod
    def by_nobody(claims: Claims) -> str:
        """Sign not at all."""
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts]
        return ".".join([*coded, ""])


@contextmanager
def providing(certified: tuple[Path, Path] | None = None) -> Iterator[Provider]:
    """Yield a provider under another site's name than the gateway; by HTTPS, given certificate and key."""
    provider = Provider()
    with listener("127.0.0.1", 0) as bound:
        scheme = "http" if certified is None else "https"
        provider.issuer = f"{scheme}://localhost:{bound.getsockname()[1]}/realms/hospital"
        config = uvicorn.Config(_application(provider), log_config=None, access_log=False)
        if certified is not None:
            config.ssl_certfile, config.ssl_keyfile = certified
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        until(lambda: server.started)
        try:
            yield provider
        finally:
            server.should_exit = True
            thread.join(10)


def _application(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def break_down(request: Request, call_next: RequestResponseEndpoint) -> Response:
        instead = provider.broken.get(request.url.path.rpartition("/")[2])
        return await call_next(request) if instead is None else instead

    @app.get("/realms/hospital/.well-known/openid-configuration")
    def discovery() -> dict[str, object]:
        base = provider.issuer
        return {
            "issuer": provider.says_it_is or base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    @app.get("/realms/hospital/keys")
    def keys() -> dict[str, object]:
        return dict(KeySet([provider.key]).as_dict(private=False))

    @app.get("/realms/hospital/authorize")
    def ask(request: Request) -> Response:
        asked = dict(request.query_params)
        if not _is_proper(provider, asked):
            return HTMLResponse("What is asked for does not fit the client.", 400)
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.items()
        )
        return HTMLResponse(
            '<!doctype html><html lang="en"><title>Hospital</title><link rel="icon" href="data:,">'
            f'<form method="post" action="authorize">{hidden}<button>Let me in</button></form></html>'
        )

    @app.post("/realms/hospital/authorize")
    async def let_in(request: Request) -> Response:
        asked = {name: str(value) for name, value in (await request.form()).items()}
        if not _is_proper(provider, asked):
            return HTMLResponse("What is asked for does not fit the client.", 400)
        code = uuid4().hex
        provider.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": provider.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    @app.post("/realms/hospital/token")
    def token(
        grant_type: Text,
        code: Text,
        redirect_uri: Text,
        code_verifier: Text,
        authorization: Annotated[str, Header()],
    ) -> Response:
        asked = provider.codes.pop(code, {})
        known = authorization == f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=")
        fits = asked.get("redirect_uri") == redirect_uri and asked.get("code_challenge") == challenge.decode()
        if not (known and fits and grant_type == "authorization_code"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        made = {
            "access_token": uuid4().hex,
            "token_type": "Bearer",
            "id_token": provider.id_token(asked["nonce"]),
        }
        return JSONResponse(made)

    return app


def _is_proper(provider: Provider, asked: dict[str, str]) -> bool:
    expected = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
    told = all(asked.get(name) == value for name, value in expected.items())
    present = all(len(asked.get(name, "")) >= 32 for name in ("state", "nonce", "code_challenge"))
    return told and present and asked.get("redirect_uri") in provider.ways_back and "openid" in asked["scope"]

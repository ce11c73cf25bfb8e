"""Signing in by an identity provider, over HTTP from the button to the session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import SecretStr, ValidationError

from petfectior import certificate
from petfectior.access import errands, sessions, users
from petfectior.access.person import Role
from petfectior.journal import Kind, Search
from petfectior.service import Ports
from petfectior.settings import Settings
from services.api.access.cookie import NAME
from services.api.access.oidc_pages import BACK, COOKIE
from simulator.stack import free_port
from tests.identity_provider import CLIENT, SECRET, Claims, Provider, made_key, providing
from tests.unit.api.gateway import connected, serving

PASSWORD = "correct horse battery"  # noqa: S105 - of a user that lives as long as a test
OWN = {"Sec-Fetch-Site": "same-origin"}
ROLES = {"pet-viewers": Role.VIEWER, "pet-operators": Role.OPERATOR, "pet-admins": Role.ADMIN}
PROVIDED: dict[str, Any] = {
    "oidc_client_id": CLIENT,
    "oidc_client_secret": SECRET,
    "oidc_title": "Hospital <SSO>",
    "oidc_roles": ROLES,
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        yield made


@pytest.fixture
def ports(tmp_path: Path, provider: Provider) -> Iterator[Ports]:
    with connected(tmp_path, oidc_issuer=provider.issuer, **PROVIDED) as made:
        users.add(made.registry, "boss", Role.ADMIN, None)
        yield made


@pytest.fixture
def address(ports: Ports, provider: Provider) -> Iterator[str]:
    with serving(ports) as url:
        provider.ways_back.add(f"{url}{BACK}")
        yield url


@pytest.fixture
def browser(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60, headers=OWN) as client:
        yield client


def asked(browser: httpx.Client, there: str = "/tasks") -> httpx.URL:
    """Follow the button; return the provider's address that the browser is sent to."""
    answer = browser.get("/login/oidc", params={"there": there})
    assert answer.status_code == 303, answer.text
    return httpx.URL(answer.headers["location"])


def let_in(provider: Provider, there: httpx.URL) -> str:
    """Sign in on the provider's page; return the address that leads back."""
    shown = httpx.get(there, timeout=60)
    assert (shown.status_code, str(there).startswith(provider.issuer)) == (200, True)
    answer = httpx.post(f"{provider.issuer}/authorize", data=dict(there.params), timeout=60)
    return answer.headers["location"]


def sign_in(browser: httpx.Client, provider: Provider, there: str = "/tasks") -> httpx.Response:
    back = let_in(provider, asked(browser, there))
    return browser.get(back, headers={"Sec-Fetch-Site": "cross-site"})


def refused(answer: httpx.Response, ports: Ports) -> str:
    """Return what a person who was turned away reads."""
    assert answer.status_code in {401, 403, 409, 422, 503}
    assert NAME not in answer.cookies
    assert ports.registry.list(sessions.KIND) == []
    return answer.text


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("pet-viewers", Role.VIEWER),
        (["staff", "pet-operators"], Role.OPERATOR),
        (["pet-admins", "pet-viewers"], Role.ADMIN),
    ],
)
def test_who_is_vouched_for_signs_in_with_the_role_of_the_groups(
    ports: Ports, provider: Provider, browser: httpx.Client, groups: object, role: Role
) -> None:
    provider.person.groups = groups
    answer = sign_in(browser, provider, "/tasks?state=failed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?state=failed")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(NAME))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert COOKIE not in browser.cookies
    assert browser.get("/api/v1/me").json() == {"name": provider.person.name, "role": role.value}
    assert ports.registry.list(errands.KIND) == []


def test_the_role_is_the_providers_at_each_signing_in(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    provider.person.groups = ["pet-admins"]
    sign_in(browser, provider)
    provider.person = replace(provider.person, groups=["pet-viewers"], name="ana.lopez@hospital.example")
    assert sign_in(browser, provider).status_code == 303
    # Who it is does not hang on the name.
    assert browser.get("/api/v1/me").json() == {"name": "ana.ruiz@hospital.example", "role": "viewer"}
    assert len(users.all_users(ports.registry)) == 2


@pytest.mark.parametrize("groups", [[], "visitors", None, 7, [["pet-admins"]], {"pet-admins": True}])
def test_without_a_role_nobody_gets_in_and_earlier_sessions_end(
    ports: Ports, provider: Provider, browser: httpx.Client, groups: object
) -> None:
    sign_in(browser, provider)
    provider.person.groups = groups
    assert "gives you no role in PETfectior" in refused(sign_in(browser, provider), ports)
    assert browser.get("/tasks").status_code == 303


def test_a_disabled_user_is_out_at_once_and_stays_out(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    sign_in(browser, provider)
    users.change(ports.registry, provider.person.name, disabled=True)
    assert browser.get("/tasks").status_code == 303
    provider.person.name = "another-name"
    assert "This user is disabled" in refused(sign_in(browser, provider), ports)
    spanish = browser.get(let_in(provider, asked(browser)), headers={"Accept-Language": "es"})
    assert "Este usuario está desactivado" in refused(spanish, ports)


def test_a_local_user_of_the_same_name_is_somebody_else(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    provider.person = replace(provider.person, name="Boss", groups="pet-viewers")
    assert "Another user of PETfectior has your name" in refused(sign_in(browser, provider), ports)
    assert users.get(ports.registry, "boss").role is Role.ADMIN


@pytest.mark.parametrize("name", ["", "Ana Ruiz", "<b>", "token:x", "x" * 65])
def test_a_name_that_does_not_fit_is_refused(
    ports: Ports, provider: Provider, browser: httpx.Client, name: str
) -> None:
    provider.person.name = name
    assert "does not fit" in refused(sign_in(browser, provider), ports)


def test_another_state_than_ours_is_refused(ports: Ports, provider: Provider, browser: httpx.Client) -> None:
    back = httpx.URL(let_in(provider, asked(browser))).copy_set_param("state", "x" * 43)
    assert "was not begun in this browser" in refused(browser.get(back), ports)
    assert "was not begun in this browser" in refused(browser.get(BACK), ports)


def test_a_state_is_good_once(ports: Ports, provider: Provider, browser: httpx.Client) -> None:
    there = asked(browser)
    cookie = browser.cookies[COOKIE]
    assert browser.get(let_in(provider, there)).status_code == 303
    browser.post("/logout")
    browser.cookies.set(COOKIE, cookie)
    assert "was not begun in this browser" in refused(browser.get(let_in(provider, there)), ports)


def test_another_browsers_state_is_refused(
    ports: Ports, provider: Provider, browser: httpx.Client, address: str
) -> None:
    back = let_in(provider, asked(browser))
    with httpx.Client(timeout=60) as stranger:
        assert "was not begun in this browser" in refused(stranger.get(back), ports)
        asked(httpx.Client(base_url=address, timeout=60))
    assert browser.get(back).status_code == 303


def test_a_state_is_good_for_ten_minutes(ports: Ports, provider: Provider, browser: httpx.Client) -> None:
    back = let_in(provider, asked(browser))
    (record,) = ports.registry.list(errands.KIND)
    assert 0 < float(str(record.value["until"])) - time.time() <= 600
    ports.registry.put(errands.KIND, record.key, {**record.value, "until": time.time() - 1})
    assert "was not begun in this browser" in refused(browser.get(back), ports)
    assert ports.registry.list(errands.KIND) == []


def test_what_was_never_ended_is_removed_by_the_next_who_begins(ports: Ports, browser: httpx.Client) -> None:
    asked(browser)
    (record,) = ports.registry.list(errands.KIND)
    ports.registry.put(errands.KIND, record.key, {**record.value, "until": time.time() - 1})
    asked(browser)
    assert len(ports.registry.list(errands.KIND)) == 1


def with_claims(**changed: object) -> Callable[[Claims], Claims]:
    def spoil(claims: Claims) -> Claims:
        return {name: one for name, one in {**claims, **changed}.items() if one is not None}

    return spoil


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT, "another-client"]}, "azp"),
        ({"aud": [CLIENT], "azp": "another-client"}, "azp"),
        ({"aud": None}, "aud"),
        ({"iss": "https://another.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": int(time.time()) - 600}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": int(time.time()) + 86400}, "iat"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"at_hash": "wrong"}, "at_hash"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused_and_the_log_names_the_claim_alone(
    ports: Ports,
    provider: Provider,
    browser: httpx.Client,
    log_file: Path,
    changed: Claims,
    rule: str,
) -> None:
    provider.spoil = with_claims(**changed)
    assert "does not pass the checks" in refused(sign_in(browser, provider), ports)
    logged = log_file.read_text()
    assert "oidc.refused" in logged
    assert rule in logged
    for secret in (*provider.tokens, provider.person.name, provider.person.sub, SECRET, "another"):
        assert secret not in logged
    assert len(users.all_users(ports.registry)) == 1


def foreign(claims: Claims) -> str:
    return Provider.by_key(made_key("two"))(claims)


def unknown(claims: Claims) -> str:
    return Provider.by_key(made_key("two"), "two")(claims)


@pytest.mark.parametrize(
    "sign", [Provider.by_nobody, Provider.by_secret, foreign, unknown, lambda _: "", lambda _: "a.b.c"]
)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    ports: Ports, provider: Provider, browser: httpx.Client, sign: Callable[[Claims], str]
) -> None:
    provider.sign = sign
    assert "does not pass the checks" in refused(sign_in(browser, provider), ports)


def test_a_key_that_was_changed_at_the_provider_is_good_at_once(
    provider: Provider, browser: httpx.Client
) -> None:
    assert sign_in(browser, provider).status_code == 303
    provider.key = made_key("two")
    provider.sign = provider.by_key(provider.key, "two")
    assert sign_in(browser, provider).status_code == 303


def test_a_code_that_is_not_the_providers_is_refused(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    back = httpx.URL(let_in(provider, asked(browser))).copy_set_param("code", "made-up")
    assert "does not pass the checks" in refused(browser.get(back), ports)


def test_who_is_refused_at_the_provider_reads_so(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    state = asked(browser).params["state"]
    answer = browser.get(BACK, params={"state": state, "error": "access_denied", "error_description": "<i>"})
    assert "did not let you in" in refused(answer, ports)
    assert "<i>" not in answer.text
    other = httpx.URL(let_in(provider, asked(browser))).copy_set_param("iss", "https://another.example")
    assert "did not let you in" in refused(browser.get(other), ports)


def test_a_provider_that_says_it_is_another_is_not_asked(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    provider.says_it_is = "https://another.example"
    assert "does not answer, or not as it should" in refused(browser.get("/login/oidc"), ports)


ODD = [
    Response("{", 200),
    JSONResponse({}),
    JSONResponse([]),
    JSONResponse("text"),
    JSONResponse({"keys": [{"kty": "odd"}], "id_token": 7}),
    JSONResponse({"keys": 7, "error": ["a"]}),
    Response("", 500),
    RedirectResponse("https://another.example", 302),
]


@pytest.mark.parametrize("place", ["openid-configuration", "keys", "token"])
def test_whatever_else_the_provider_answers_lets_nobody_in(
    ports: Ports, provider: Provider, browser: httpx.Client, place: str
) -> None:
    for answer in ODD:
        back = let_in(provider, asked(browser))
        provider.broken[place] = answer
        said = refused(browser.get(back), ports)
        assert "not as it should" in said or "does not pass the checks" in said
        provider.broken.clear()


def test_while_the_provider_is_away_local_users_sign_in(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with connected(tmp_path, oidc_issuer=away, **PROVIDED) as ports, serving(ports) as url:
        users.add(ports.registry, "boss", Role.ADMIN, SecretStr(PASSWORD))
        with httpx.Client(base_url=url, timeout=60, headers=OWN) as browser:
            for _ in range(31):
                answer = browser.get("/login/oidc", headers={"Accept-Language": "es"})
            assert answer.status_code == 429
            sent = browser.post("/login", data={"name": "boss", "password": PASSWORD})
            assert (sent.status_code, sent.headers["location"]) == (303, "/")


def test_an_unreachable_provider_is_told_in_both_languages(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with connected(tmp_path, oidc_issuer=away, **PROVIDED) as ports, serving(ports) as url:
        users.add(ports.registry, "boss", Role.ADMIN, None)
        for language, words in (("en", "does not answer"), ("es", "no responde")):
            answer = httpx.get(f"{url}/login/oidc", headers=OWN | {"Accept-Language": language}, timeout=60)
            assert words in refused(answer, ports)
            assert answer.status_code == 503
            assert f'href="/login?lang={language}"' in answer.text


def test_a_provider_of_the_hospitals_own_authority_is_known_by_its_bundle(tmp_path: Path) -> None:
    with connected(tmp_path / "authority", api_tls="self-signed") as other:
        certified = certificate.files(other.base)
    assert certified is not None
    answered = []
    with providing(certified) as provider:
        for bundle in (str(certified[0]), ""):
            settings = {"oidc_issuer": provider.issuer, "oidc_ca": bundle, **PROVIDED}
            with connected(tmp_path / f"with{bool(bundle)}", **settings) as ports, serving(ports) as url:
                users.add(ports.registry, "boss", Role.ADMIN, None)
                answered.append(httpx.get(f"{url}/login/oidc", headers=OWN, timeout=60).status_code)
    assert answered == [303, 503]


def test_a_provider_behind_a_proxy_is_asked_by_it_alone(tmp_path: Path, provider: Provider) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    settings = {"oidc_issuer": provider.issuer, "oidc_proxy_url": away, **PROVIDED}
    with connected(tmp_path, **settings) as ports, serving(ports) as url:
        users.add(ports.registry, "boss", Role.ADMIN, None)
        assert httpx.get(f"{url}/login/oidc", headers=OWN, timeout=60).status_code == 503


@pytest.mark.parametrize(
    "there", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_leads_to_no_other_site(provider: Provider, browser: httpx.Client, there: str) -> None:
    assert sign_in(browser, provider, there).headers["location"] == "/"


def test_another_sites_page_cannot_begin(ports: Ports, browser: httpx.Client) -> None:
    answer = browser.get("/login/oidc", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["location"].startswith("/login?")
    assert ports.registry.list(errands.KIND) == []


@pytest.mark.parametrize("host", ["10.1.2.3", "gateway.lan", "gateway-of-others", "localhost@evil.example"])
def test_the_way_back_is_no_word_of_the_visitors(ports: Ports, address: str, host: str) -> None:
    answer = httpx.get(f"{address}/login/oidc", headers=OWN | {"Host": host}, timeout=60)
    assert answer.status_code in {400, 403, 422}
    assert ports.registry.list(errands.KIND) == []


def test_by_a_configured_name_the_way_back_is_https_and_its_cookie_bound(
    tmp_path: Path, provider: Provider
) -> None:
    settings = {"oidc_issuer": provider.issuer, "api_names": "pet.hospital.example", **PROVIDED}
    with connected(tmp_path, **settings) as ports, serving(ports) as url:
        users.add(ports.registry, "boss", Role.ADMIN, None)
        headers = OWN | {"Host": "PET.hospital.example"}
        answer = httpx.get(f"{url}/login/oidc", headers=headers, timeout=60)
    there = httpx.URL(answer.headers["location"])
    assert there.params["redirect_uri"] == f"https://pet.hospital.example{BACK}"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in cookie
    assert "Max-Age=600" in cookie


def test_signing_in_is_audited_as_a_local_one_is(
    ports: Ports, provider: Provider, browser: httpx.Client
) -> None:
    sign_in(browser, provider)
    browser.post("/logout")
    users.change(ports.registry, provider.person.name, disabled=True)
    sign_in(browser, provider)
    lines = list(reversed(ports.journal.find(Search(kind=Kind.AUDIT))))
    told = [
        (
            line.fields["EventIdentification"]["EventActionCode"],  # type: ignore[index,call-overload]
            line.fields["EventIdentification"]["EventOutcomeIndicator"],  # type: ignore[index,call-overload]
            line.fields["ActiveParticipant"]["UserID"],  # type: ignore[index,call-overload]
            line.fields["ParticipantObjectIdentification"]["ParticipantObjectName"],  # type: ignore[index,call-overload]
        )
        for line in lines
    ]
    name = provider.person.name
    assert told == [
        ("E", "0", name, f"GET {BACK}"),
        ("E", "0", name, "POST /logout"),
        ("E", "4", name, f"GET {BACK}"),
    ]
    for secret in (*provider.tokens, provider.person.sub):
        assert secret not in str(lines)


def test_password_and_role_of_who_is_vouched_for_are_changed_at_the_provider(
    provider: Provider, browser: httpx.Client
) -> None:
    provider.person.groups = "pet-admins"
    sign_in(browser, provider)
    assert "Change it there" in browser.get("/account").text
    wanted = {"present": PASSWORD, "wanted": PASSWORD}
    assert browser.post("/account/password", data=wanted).status_code == 409
    path = f"/api/v1/users/{provider.person.name}"
    assert browser.patch(path, json={"password": PASSWORD}).json()["code"] == "user-without-password"
    assert browser.patch(path, json={"role": "viewer"}).json()["code"] == "user-role-by-provider"
    listed = {one["name"]: one["vouched"] for one in browser.get("/api/v1/users").json()}
    assert listed == {"boss": False, provider.person.name: True}
    local = browser.post("/login", data={"name": provider.person.name, "password": PASSWORD})
    assert local.status_code == 401


def test_before_the_first_administrator_is_made_the_provider_lets_nobody_in(
    tmp_path: Path, provider: Provider
) -> None:
    with connected(tmp_path, oidc_issuer=provider.issuer, **PROVIDED) as ports, serving(ports) as url:
        answer = httpx.get(f"{url}/login/oidc", headers=OWN, follow_redirects=True, timeout=60)
        assert answer.url.path == "/setup"


def test_the_button_is_shown_where_there_is_a_provider(browser: httpx.Client) -> None:
    shown = browser.get("/login", params={"there": "/tasks?q=a&state=failed"}).text
    assert "Sign in with Hospital &lt;SSO&gt;" in shown
    link = re.search(r'href="/login/oidc\?(there=[^"]+)"', shown)
    assert link is not None
    assert parse_qs(link[1]) == {"there": ["/tasks?q=a&state=failed"]}


def test_without_a_provider_nothing_is_shown(tmp_path: Path) -> None:
    with connected(tmp_path) as ports, serving(ports) as url:
        users.add(ports.registry, "boss", Role.ADMIN, None)
        assert "/login/oidc" not in httpx.get(f"{url}/login", timeout=60).text
        for path in ("/login/oidc", BACK):
            assert httpx.get(f"{url}{path}", timeout=60).status_code == 404


@pytest.mark.parametrize("issuer", ["http://login.hospital.example", "login.hospital.example", "ftp://x"])
def test_an_issuer_without_https_is_refused_at_start(issuer: str) -> None:
    with pytest.raises(ValidationError):
        Settings(oidc_issuer=issuer)


def test_settings_come_from_the_environment_and_the_secret_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "petfectior_oidc_client_secret").write_text("word")
    monkeypatch.setenv("PETFECTIOR_OIDC_ISSUER", "https://login.hospital.example/realms/hospital")
    monkeypatch.setenv("PETFECTIOR_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("PETFECTIOR_OIDC_ROLES", '{"pet-admins": "admin"}')
    told = Settings(_secrets_dir=tmp_path)
    assert told.oidc
    assert told.oidc_roles == {"pet-admins": Role.ADMIN}
    assert told.oidc_client_secret.get_secret_value() == "word"
    assert "word" not in repr(told)

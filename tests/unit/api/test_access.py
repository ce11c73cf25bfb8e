"""Signing in, sessions, tokens and roles, over HTTP as a browser and a program use them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import BaseRoute

from petfectior.access import first_run, sessions, throttle, tokens, users
from petfectior.access.person import Role
from petfectior.journal import Kind, Search
from petfectior.service import Ports
from services.api.access import required
from services.api.access.cookie import NAME
from services.api.app import application
from tests.unit.api.gateway import arriving, serving, session, token

PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as a test
OPEN = {"/login", "/login/oidc", "/login/callback", "/setup", "/health", "/metrics"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def address(ports: Ports) -> Iterator[str]:
    with serving(ports) as url:
        yield url


@pytest.fixture
def browser(address: str) -> Iterator[httpx.Client]:
    """A visitor with a cookie jar, as yet unknown."""
    with httpx.Client(base_url=address, timeout=60, headers=OWN) as client:
        yield client


def signed_in(browser: httpx.Client, ports: Ports, role: Role = Role.OPERATOR) -> httpx.Client:
    browser.cookies.set(NAME, session(ports, role.value, role))
    return browser


def sign_in(browser: httpx.Client, name: str, password: str, **more: str) -> httpx.Response:
    return browser.post("/login", data={"name": name, "password": password, **more})


def routes(ports: Ports) -> list[APIRoute]:
    found = [route for route in walked(application(ports).routes) if isinstance(route, APIRoute)]
    assert len(found) > 40
    return found


def walked(given: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield routes, and those of the routers that were included."""
    for route in given:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from walked(included.routes)


def role_of(route: APIRoute) -> str | None:
    """Return what the route requires, by the one dependency that says so."""
    named = [one.call for one in route.dependant.dependencies]
    kinds = [required.anyone, required.viewer, required.operator, required.admin]
    (kind,) = [one for one in kinds if one in named]
    return None if kind is required.anyone else str(getattr(kind, "__name__", ""))


def filled(route: APIRoute) -> str:
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", "x").replace(f"{{{name}:path}}", "x")
    return path


def test_every_route_says_what_role_it_requires(ports: Ports) -> None:
    free = {route.path for route in routes(ports) if role_of(route) is None}
    assert free == OPEN


def test_no_page_or_call_works_without_the_right_role(ports: Ports, address: str) -> None:
    users.add(ports.registry, "someone", Role.ADMIN, None)
    secrets = {role: token(ports, role) for role in Role}
    with httpx.Client(base_url=address, timeout=60) as client:
        for route in routes(ports):
            needed = role_of(route)
            if needed is None:
                continue
            for method in route.methods:
                refused = client.request(method, filled(route))
                assert refused.status_code in {401, 303}, (method, route.path)
                assert refused.headers.get("location", "/login").startswith("/login"), route.path
                wrong = client.request(method, filled(route), headers={"Authorization": "Bearer wrong"})
                assert wrong.status_code in {401, 303}, (method, route.path)
                for role in Role:
                    if role.includes(Role(needed)):
                        continue
                    headers = {"Authorization": f"Bearer {secrets[role]}"}
                    answer = client.request(method, filled(route), headers=headers)
                    assert answer.status_code == 403, (method, route.path, role)


def test_what_is_mounted_beside_the_routes_is_static(ports: Ports) -> None:
    others = [route for route in walked(application(ports).routes) if not isinstance(route, APIRoute)]
    assert {getattr(route, "path", "") for route in others} == {"/static", "/api/v1/openapi.json"}


def test_a_user_signs_in_to_the_page_that_was_asked_for_and_out(ports: Ports, browser: httpx.Client) -> None:
    users.add(ports.registry, "Ana", Role.OPERATOR, SecretStr(PASSWORD))
    asked = browser.get("/tasks?state=failed")
    assert asked.headers["location"] == "/login?there=%2Ftasks%3Fstate%3Dfailed"
    answer = sign_in(browser, " ANA ", PASSWORD, there="/tasks?state=failed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?state=failed")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    assert browser.get("/tasks").status_code == 200
    assert browser.post("/logout").status_code == 303
    assert browser.get("/tasks").headers["location"].startswith("/login")
    assert ports.registry.list(sessions.KIND) == []


@pytest.mark.parametrize(
    "there", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_leads_to_no_other_site(ports: Ports, browser: httpx.Client, there: str) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
    assert sign_in(browser, "ana", PASSWORD, there=there).headers["location"] == "/"


@pytest.mark.parametrize("name", ["ana", "nobody", "<b>"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    ports: Ports, browser: httpx.Client, name: str
) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
    answer = sign_in(browser, name, "wrong password!")
    assert answer.status_code == 401
    assert "The name or the password is wrong" in answer.text
    assert "set-cookie" not in answer.headers


def test_signing_in_is_throttled_even_with_the_right_password(ports: Ports, browser: httpx.Client) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
    answers = [sign_in(browser, "ana", "wrong password!").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    late = sign_in(browser, "ana", PASSWORD)
    assert late.status_code == 429
    users.add(ports.registry, "eva", Role.VIEWER, SecretStr(PASSWORD))
    assert sign_in(browser, "eva", PASSWORD).status_code == 303


def test_signing_in_rightly_is_not_counted(ports: Ports) -> None:
    for _ in range(40):
        throttle.count(ports.registry, "ana", "10.0.0.1")
        throttle.forgive(ports.registry, "ana", "10.0.0.1")


def test_a_disabled_user_is_out_at_once_and_cannot_come_back(ports: Ports, browser: httpx.Client) -> None:
    users.add(ports.registry, "boss", Role.ADMIN, None)
    users.add(ports.registry, "ana", Role.ADMIN, SecretStr(PASSWORD))
    sign_in(browser, "ana", PASSWORD)
    assert browser.get("/tasks").status_code == 200
    users.change(ports.registry, "ana", disabled=True)
    assert browser.get("/tasks").status_code == 303
    assert sign_in(browser, "ana", PASSWORD).status_code == 401


def test_another_role_counts_at_once(ports: Ports, browser: httpx.Client) -> None:
    signed_in(browser, ports, Role.OPERATOR)
    assert browser.get("/api/v1/settings").status_code == 403
    users.change(ports.registry, "operator", role=Role.ADMIN)
    assert browser.get("/api/v1/settings").status_code == 200


def age(ports: Ports, **seconds: float) -> None:
    """Make the only session older."""
    (record,) = ports.registry.list(sessions.KIND)
    value = {**record.value, **{name: time.time() - old for name, old in seconds.items()}}
    ports.registry.put(sessions.KIND, record.key, value)


@pytest.mark.parametrize("old", [{"active": 31 * 60}, {"began": 13 * 3600}])
def test_a_session_that_is_idle_or_old_is_over(
    ports: Ports, browser: httpx.Client, old: dict[str, float]
) -> None:
    signed_in(browser, ports)
    assert browser.get("/tasks").status_code == 200
    age(ports, **old)
    assert browser.get("/tasks").status_code == 303
    assert ports.registry.list(sessions.KIND) == []


def test_a_page_that_renews_itself_keeps_no_session_alive(ports: Ports, browser: httpx.Client) -> None:
    signed_in(browser, ports)
    age(ports, active=60)
    before = ports.registry.list(sessions.KIND)[0].value["active"]
    assert browser.get("/tasks/live", headers={"X-Petfectior-Seen": ""}).status_code == 200
    assert ports.registry.list(sessions.KIND)[0].value["active"] == before
    browser.get("/tasks")
    assert ports.registry.list(sessions.KIND)[0].value["active"] != before


def test_a_live_region_of_a_session_that_is_over_is_answered_401(ports: Ports, browser: httpx.Client) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, None)
    answer = browser.get("/tasks/live", headers={"X-Petfectior-Seen": ""})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_a_change_by_cookie_must_come_from_our_own_page(ports: Ports, browser: httpx.Client) -> None:
    signed_in(browser, ports, Role.ADMIN)
    del browser.headers["Sec-Fetch-Site"]
    change = {"value": 12.5}
    assert browser.put("/api/v1/settings/quiet_seconds", json=change).status_code == 403
    own = {"Origin": str(browser.base_url).rstrip("/")}
    assert browser.put("/api/v1/settings/quiet_seconds", json=change, headers=own).status_code == 200


def test_a_token_is_kept_as_a_digest_has_an_end_and_can_be_revoked(ports: Ports, address: str) -> None:
    secret, kept = tokens.issue(ports.registry, "pacs", Role.VIEWER, 1, "test")
    (record,) = ports.registry.list(tokens.KIND)
    assert secret not in str(record)
    headers = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{address}/api/v1/tasks", headers=headers, timeout=60).status_code == 200
    over = kept.model_copy(update={"ends_at": time.time() - 1}).model_dump(mode="json")
    ports.registry.put(tokens.KIND, record.key, over)
    answer = httpx.get(f"{address}/api/v1/tasks", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-not-valid")
    assert answer.headers["www-authenticate"] == "Bearer"
    tokens.revoke(ports.registry, "pacs")
    assert tokens.all_tokens(ports.registry) == []


def test_the_first_administrator_is_made_at_the_machine(ports: Ports, browser: httpx.Client) -> None:
    assert browser.get("/tasks").headers["location"].startswith("/login")
    assert browser.get("/login").headers["location"] == "/setup"
    assert 'name="code"' not in browser.get("/setup").text
    short = browser.post("/setup", data={"name": "Root", "password": "short"})
    assert (short.status_code, first_run.needed(ports.registry)) == (422, True)
    odd = browser.post("/setup", data={"name": "a b", "password": PASSWORD})
    assert (odd.status_code, first_run.needed(ports.registry)) == (422, True)
    made = browser.post("/setup", data={"name": "Root", "password": PASSWORD})
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert users.get(ports.registry, "root").role is Role.ADMIN
    assert browser.get("/tasks").status_code == 200
    second = browser.post("/setup", data={"name": "other", "password": PASSWORD})
    assert second.status_code == 409
    assert browser.get("/setup").headers["location"] == "/login"


@pytest.mark.parametrize(
    "foreign", [{"X-Forwarded-For": "10.0.0.9"}, {"Host": "gateway"}, {"Via": "1.1 proxy"}]
)
def test_the_first_administrator_from_elsewhere_needs_the_code(
    ports: Ports, browser: httpx.Client, foreign: dict[str, str]
) -> None:
    assert 'name="code"' in browser.get("/setup", headers=foreign).text
    form = {"name": "root", "password": PASSWORD}
    assert browser.post("/setup", data=form, headers=foreign).status_code == 422
    code = first_run.make_code(ports.registry)
    wrong = browser.post("/setup", data=form | {"code": code + "x"}, headers=foreign)
    assert (wrong.status_code, first_run.needed(ports.registry)) == (422, True)
    assert browser.post("/setup", data=form | {"code": code}, headers=foreign).status_code == 303


def test_one_changes_ones_own_password_with_the_present_one(ports: Ports, browser: httpx.Client) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
    sign_in(browser, "ana", PASSWORD)
    wrong = browser.post("/account/password", data={"present": "wrong one, sorry", "wanted": PASSWORD + "!"})
    assert wrong.status_code == 401
    done = browser.post("/account/password", data={"present": PASSWORD, "wanted": PASSWORD + "!"})
    assert done.headers["location"] == "/login?did=password"
    assert browser.get("/tasks").status_code == 303
    assert sign_in(browser, "ana", PASSWORD).status_code == 401
    assert sign_in(browser, "ana", PASSWORD + "!").status_code == 303
    browser.post("/account/sign-out-everywhere")
    assert ports.registry.list(sessions.KIND) == []


def test_the_last_administrator_stays(ports: Ports) -> None:
    users.add(ports.registry, "root", Role.ADMIN, None)
    for act in (
        lambda: users.remove(ports.registry, "root"),
        lambda: users.change(ports.registry, "root", disabled=True),
        lambda: users.change(ports.registry, "root", role=Role.VIEWER),
    ):
        with pytest.raises(users.Conflict):
            act()


def test_who_saw_and_did_what_is_in_the_audit_trail(ports: Ports, browser: httpx.Client) -> None:
    task = ports.tasks.insert(arriving())
    users.add(ports.registry, "ana", Role.OPERATOR, SecretStr(PASSWORD))
    sign_in(browser, "ana", "wrong password!")
    sign_in(browser, "ana", PASSWORD)
    browser.get(f"/tasks/{task.id}")
    browser.get(f"/tasks/{task.id}/live", headers={"X-Petfectior-Seen": ""})
    browser.post(f"/api/v1/tasks/{task.id}/cancel")
    browser.put("/api/v1/settings/language", json={"value": "es"})
    browser.delete(f"/api/v1/tasks/{task.id}")
    browser.post("/logout")
    lines = list(reversed(ports.journal.find(Search(kind=Kind.AUDIT))))
    told = [
        (
            str(line.fields["EventIdentification"]["EventID"]["originalText"]),  # type: ignore[index,call-overload]
            line.fields["EventIdentification"]["EventActionCode"],  # type: ignore[index,call-overload]
            line.fields["EventIdentification"]["EventOutcomeIndicator"],  # type: ignore[index,call-overload]
            line.fields["ActiveParticipant"]["UserID"],  # type: ignore[index,call-overload]
            line.task,
        )
        for line in lines
    ]
    assert told == [
        ("User Authentication", "E", "4", "ana", None),
        ("User Authentication", "E", "0", "ana", None),
        ("DICOM Instances Accessed", "R", "0", "ana", task.id),
        ("DICOM Instances Accessed", "E", "0", "ana", task.id),
        ("Security Alert", "U", "4", "ana", None),
        ("DICOM Study Deleted", "D", "0", "ana", task.id),
        ("User Authentication", "E", "0", "ana", None),
    ]
    assert "DOE" not in str(lines)


def test_passwords_are_argon2id_and_their_length_is_held(ports: Ports, tmp_path: Path) -> None:
    users.add(ports.registry, "ana", Role.VIEWER, SecretStr(PASSWORD))
    assert str(users.get(ports.registry, "ana").password_hash).startswith("$argon2id$")
    assert tmp_path.is_dir()
    for wrong in ("x" * 11, "x" * 257):
        with pytest.raises(users.passwords.Rejected):
            users.set_password(ports.registry, "ana", SecretStr(wrong))

"""Signing in through an identity provider of another site, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from petfectior.access import users
from petfectior.access.person import Role
from petfectior.service import Ports
from services.api.access.oidc_pages import BACK
from tests.browser.life import SCREENS
from tests.browser.test_accessibility import AXE, RUN
from tests.identity_provider import CLIENT, SECRET, Provider, providing
from tests.unit.api.gateway import connected, serving

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as made:
        yield made


@pytest.fixture
def ports(tmp_path: Path, provider: Provider) -> Iterator[Ports]:
    with connected(
        tmp_path,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_title="Hospital",
        oidc_roles={"pet-operators": Role.OPERATOR},
    ) as made:
        users.add(made.registry, "boss", Role.ADMIN, None)
        yield made


@pytest.fixture
def visitor(chromium: Browser, ports: Ports, provider: Provider, language: str) -> Iterator[Page]:
    """A page of somebody who is not signed in; its console stays silent but for refusals."""
    said: list[str] = []
    with serving(ports) as address:
        provider.ways_back.add(f"{address}{BACK}")
        context = chromium.new_context(base_url=address, locale=language)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text) if one.type in {"error", "warning"} else None)
        yield page
        context.close()
    assert [one for one in said if "status of 403" not in one] == []


BUTTON = {"en": "Sign in with Hospital", "es": "Iniciar sesión con Hospital"}
NO_ROLE = {"en": "gives you no role", "es": "no le da ningún rol"}


def test_a_person_signs_in_at_the_provider_and_lands_on_the_page_that_was_asked_for(
    provider: Provider, visitor: Page, language: str
) -> None:
    provider.person.groups = ["pet-operators"]
    visitor.goto("/logs?level=error")
    expect(visitor.get_by_role("link", name=BUTTON[language])).to_be_visible()
    visitor.evaluate(AXE)
    assert visitor.evaluate(RUN) == []
    visitor.screenshot(path=SCREENS / f"login-provider-{language}.png")
    visitor.get_by_role("link", name=BUTTON[language]).click()
    visitor.wait_for_url(f"{provider.issuer}/**")
    visitor.get_by_role("button").click()
    visitor.wait_for_url("**/logs?level=error")
    expect(visitor.locator(".account summary")).to_have_text(provider.person.name)
    visitor.goto("/account")
    expect(visitor.locator("form[action='/account/password']")).to_have_count(0)
    visitor.locator(".account summary").click()
    visitor.locator("form[action='/logout'] button").click()
    visitor.wait_for_url("**/login?did=out")


def test_a_person_without_a_role_reads_so_and_may_read_it_in_another_language(
    provider: Provider, visitor: Page, language: str
) -> None:
    visitor.goto("/tasks")
    visitor.get_by_role("link", name=BUTTON[language]).click()
    visitor.get_by_role("button").click()
    visitor.wait_for_url(f"**{BACK}**")
    expect(visitor.locator("[role=alert]")).to_contain_text(NO_ROLE[language])
    assert provider.person.name not in visitor.content()
    other = {"en": "es", "es": "en"}[language]
    visitor.locator(f".languages [lang={other}]").click()
    visitor.wait_for_url(f"**/login?lang={other}")
    expect(visitor.get_by_role("link", name=BUTTON[other])).to_be_visible()

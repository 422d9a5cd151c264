"""Ways into an e-Office that people and systems of the same realm might try, beside its door."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from onboarding import environment
from onboarding.identity import keycloak
from tests.integration import oidc_login
from tests.proof import browser, visit
from tests.proof import place as places

pytestmark = [pytest.mark.slow, pytest.mark.lab, pytest.mark.timeout(5400)]

ME = "/api/v4/users/current/"


_ENDS = """async path => {
  const said = await fetch(path, {signal: AbortSignal.timeout(20000)});
  await said.text();
  return said.status;
}"""


@pytest.fixture
def admin(place: places.Place) -> Iterator[keycloak.Keycloak]:
    with contextlib.closing(keycloak.connect(place.target, environment.Role.BOOTSTRAP)) as door:
        yield door


@pytest.fixture
def colleague(place: places.Place) -> str:
    """The address of somebody with an account in the e-Office, and none in the realm yet."""
    address = f"colleague-{secrets.token_hex(4)}@{place.of.domains[0]}"
    with place.administrator() as door:
        door.make("/users/", {"username": address, "email": address})
    return address


def _inside(place: places.Place, chromium: Any, who: oidc_login.Person) -> bool:
    with browser.person(chromium) as page:
        visit.sign_in(page, place.host, who)
        return bool(visit.take_out(page, ME)[0] == 200)


def test_who_is_of_the_agency_and_has_a_verified_address_gets_in(
    place: places.Place, chromium: Any, colleague: str
) -> None:
    who = place.account(colleague, place.of, verified=True)
    assert _inside(place, chromium, who)


def test_an_address_that_nobody_verified_lets_nobody_in(
    place: places.Place, chromium: Any, colleague: str
) -> None:
    who = place.account(colleague, place.of, verified=False)
    assert not _inside(place, chromium, who)


def test_the_address_of_a_colleague_lets_nobody_of_another_agency_in(
    place: places.Place, chromium: Any, colleague: str
) -> None:
    who = place.account(colleague, place.others, verified=True)
    assert not _inside(place, chromium, who)


def test_an_open_page_holds_up_nobody_else(
    place: places.Place, chromium: Any, colleague: str
) -> None:
    """A page hears of news by a request of its own, which must not last."""
    who = place.account(colleague, place.of, verified=True)
    with browser.person(chromium) as page:
        assert visit.sign_in(page, place.host, who)[-1] == visit.INSIDE
        assert page.evaluate(_ENDS, "/api/v4/server_side_events/stream/") == 200


def test_the_next_person_at_the_same_computer_has_to_sign_in(
    place: places.Place, chromium: Any, colleague: str
) -> None:
    who = place.account(colleague, place.of, verified=True)
    with browser.person(chromium) as page:
        assert visit.sign_in(page, place.host, who)[-1] == visit.INSIDE
        with page.expect_navigation():
            page.locator("form[action*='/authentication/logout/']").first.evaluate(
                "it => it.submit()"
            )
        with page.expect_navigation():
            page.locator("#kc-logout").click()
        page.goto(f"https://{place.host}/")
        page.locator(visit.PASSWORD).wait_for()


def test_a_token_that_was_made_for_another_system_opens_nothing(
    place: places.Place, admin: keycloak.Keycloak, colleague: str
) -> None:
    """An official signs in to a site of another agency, whose operator tries the token here."""
    client, redirect = f"ga-{place.others.id}-portal", "http://localhost:8000"
    made = admin.post(
        place.of.realm,
        "/clients",
        {
            "clientId": client,
            "publicClient": True,
            "standardFlowEnabled": True,
            "redirectUris": [redirect],
            "defaultClientScopes": ["acr", "basic", "email", "profile"],
        },
    )
    try:
        issuer = f"{place.target.keycloak.address}/realms/{place.of.realm}"
        ca_file = place.target.keycloak.ca_file
        who = place.account(colleague, place.of, verified=True)
        tokens = oidc_login.sign_in(issuer, ca_file, who, client_id=client, redirect=redirect)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        session = requests.Session()
        session.trust_env = False
        told = session.get(
            f"{issuer}/protocol/openid-connect/userinfo",
            headers=bearer,
            verify=str(ca_file),
            timeout=30,
        )
        assert told.json()["email"] == colleague
        answer = session.get(
            f"{place.server.address}{ME}",
            headers=bearer,
            verify=str(place.server.home.ca),
            timeout=60,
        )
        assert answer.status_code in (401, 403), answer.text[:300]
    finally:
        admin.delete(place.of.realm, f"/clients/{made}")

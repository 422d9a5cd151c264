"""What staff see of the identity provider with a browser: Thai, readable, a second factor first."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from http import server
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from onboarding import environment
from onboarding.desired import realm_flow
from onboarding.identity import keycloak
from tests.integration import oidc_login
from tests.proof import browser, pictures, seen, visit

pytestmark = [pytest.mark.slow, pytest.mark.lab, pytest.mark.timeout(3600)]

AGENCY = "first-sign-in"
DONE = "#came-back"
BACK = "http://localhost:18000"
"""Where an application of one's own computer takes people back; the realm allows it for kubectl."""


@pytest.fixture(scope="module")
def realm(lab: environment.Environment) -> Iterator[keycloak.Keycloak]:
    """The shared realm with the groups of an agency, as every agency has them."""
    admin = keycloak.connect(lab, environment.Role.BOOTSTRAP)
    name = lab.keycloak.shared_realm
    _remove(admin, name)
    top = admin.post(name, "/groups", {"name": AGENCY})
    for role, attributes in (
        ("central", {}),
        ("signers", {realm_flow.SECOND_FACTOR: [realm_flow.WEBAUTHN]}),
    ):
        child = {"name": f"{AGENCY}:{role}", "attributes": attributes}
        admin.post(name, f"/groups/{top}/children", child)
    yield admin
    _remove(admin, name)


def _remove(admin: keycloak.Keycloak, realm: str) -> None:
    """Also what a run that was killed left."""
    for user in admin.get(realm, "/users", search=f"{AGENCY}-", max="100"):
        admin.delete(realm, f"/users/{user['id']}")
    group = admin.get(realm, f"/group-by-path/{AGENCY}")
    if group:
        admin.delete(realm, f"/groups/{group['id']}")


class _Application(server.BaseHTTPRequestHandler):
    """Shows that somebody came back."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"<p id='{DONE.strip('#')}'>ok</p>".encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it, and it would hold the code."""


@pytest.fixture(scope="module", autouse=True)
def application() -> Iterator[None]:
    with server.ThreadingHTTPServer(("127.0.0.1", 18000), _Application) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium(lab: environment.Environment) -> Iterator[Any]:
    at = urlsplit(lab.keycloak.address)
    with browser.started((str(at.hostname), at.port or 443)) as made:
        yield made


def person(lab: environment.Environment, admin: keycloak.Keycloak, role: str) -> oidc_login.Person:
    """A new account in the group of a role; its second factor is not set up yet."""
    name, password = f"{AGENCY}-{role}-{secrets.token_hex(3)}", secrets.token_urlsafe(18)
    account = {
        "username": name,
        "enabled": True,
        "email": f"{name}@example.go.th",
        "emailVerified": True,
        "firstName": "สมชาย",
        "lastName": "ใจดี",
        "groups": [f"/{AGENCY}/{AGENCY}:{role}"],
        "credentials": [{"type": "password", "value": password, "temporary": False}],
    }
    admin.post(lab.keycloak.shared_realm, "/users", account)
    return oidc_login.Person(name, password)


def arrive(page: Any, lab: environment.Environment) -> None:
    """At the first page of the realm, as an application sends people there."""
    asked = {
        "client_id": oidc_login.CLIENT,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid",
        "state": secrets.token_urlsafe(8),
        "code_challenge": secrets.token_urlsafe(32),
        "code_challenge_method": "S256",
    }
    issuer = f"{lab.keycloak.address}/realms/{lab.keycloak.shared_realm}"
    page.goto(f"{issuer}/protocol/openid-connect/auth?{urlencode(asked)}")


class Look:
    """Takes a picture of every page, and notes what a person could not read there."""

    def __init__(self, album: pictures.Album) -> None:
        self._album = album
        self.flaws: list[str] = []
        self.languages: set[str] = set()

    def __call__(self, page: Any, name: str) -> None:
        if name == DONE.strip("#"):
            return
        self._album.take(page, name)
        self.flaws += [f"{name}: {flaw}" for flaw in seen.flaws(page)]
        self.languages.add(str(page.evaluate("() => document.documentElement.lang")))
        heading = page.locator("h1").first.inner_text()
        if not any("\u0e00" <= letter <= "\u0e7f" for letter in heading):
            self.flaws.append(f"{name}: not Thai: {heading}")


def test_staff_set_up_a_second_factor_on_pages_in_thai(
    lab: environment.Environment,
    realm: keycloak.Keycloak,
    chromium: Any,
    album: pictures.Album,
) -> None:
    who, look = person(lab, realm, "central"), Look(album)
    with browser.person(chromium) as page:
        arrive(page, lab)
        assert visit.walk(page, who, (DONE,), look) == [visit.PASSWORD, visit.SET_UP, DONE]
        assert "code=" in page.url
    with browser.person(chromium) as page:
        arrive(page, lab)
        assert visit.walk(page, who, (DONE,), look) == [visit.PASSWORD, visit.CODE, DONE]
    assert look.languages == {"th"}
    assert look.flaws == []


def test_a_signatory_is_asked_for_a_security_key_and_nothing_weaker(
    lab: environment.Environment,
    realm: keycloak.Keycloak,
    chromium: Any,
    album: pictures.Album,
) -> None:
    who, look = person(lab, realm, "signers"), Look(album)
    with browser.person(chromium) as page:
        arrive(page, lab)
        assert visit.walk(page, who, (visit.KEY,), look) == [visit.PASSWORD, visit.KEY]
        assert page.locator(visit.SET_UP).count() == 0
    assert look.languages == {"th"}
    assert look.flaws == []

"""Breaking sign-in in Keycloak, and the e-Office settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from onboarding import labels
from tests.integration.breaking import Break, Json, World


def realm(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.realm_with(change):
            yield

    return broken


@contextmanager
def profile_open(world: World) -> Iterator[None]:
    """Everybody writes their own address, as Keycloak has it by default."""
    place = "/users/profile"
    before = world.sso.get(world.realm, place)
    opened = [
        {**one, "permissions": {"edit": ["admin", "user"], "view": ["admin", "user"]}}
        for one in before["attributes"]
    ]
    world.sso.put(world.realm, place, {**before, "attributes": opened})
    try:
        yield
    finally:
        world.sso.put(world.realm, place, before)


@contextmanager
def organization_disabled(world: World) -> Iterator[None]:
    found = world.sso.get(world.target.keycloak.shared_realm, "/organizations", search=world.of.id)
    place = f"/organizations/{found[0]['id']}"
    before = world.sso.get(world.target.keycloak.shared_realm, place)
    realm_name = world.target.keycloak.shared_realm
    world.sso.put(realm_name, place, {**before, "enabled": False})
    try:
        yield
    finally:
        world.sso.put(realm_name, place, before)


def _touched(client: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """What a change is about; Keycloak writes its own defaults into the rest."""
    about = {k: client.get(k) for k in change if k != "attributes"}
    attributes = {k: client["attributes"].get(k) for k in change.get("attributes", {})}
    return {**about, "attributes": attributes}


def client(*, guarded: bool = False, **change: Any) -> Break:
    """``guarded``: the realm's rules for clients set it right, until they are switched off."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with ExitStack() as mended:
            if guarded:
                before = _touched(world.client(), change)
                with world.client_with(change):
                    now = _touched(world.client(), change)
                    assert now == before, "the guard let it through"
                mended.enter_context(world.without_client_rules())
            mended.enter_context(world.client_with(change))
            yield

    return broken


@contextmanager
def public_client(world: World) -> Iterator[None]:
    """A public client of the agency in a realm that lets refresh tokens be used again."""
    name = f"ga-{world.of.id}-stray"
    marks = {labels.AGENCY: world.of.id, labels.MANAGED_BY: labels.MANAGER}
    fields = {
        "clientId": name,
        "publicClient": True,
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "redirectUris": [f"https://{world.of.instances[0].host}/app"],
        "attributes": {**marks, "pkce.code.challenge.method": "S256"},
    }
    with world.realm_with({"revokeRefreshToken": False}):
        made = world.sso.post(world.realm, "/clients", fields)
        try:
            yield
        finally:
            world.sso.delete(world.realm, f"/clients/{made}")


# e-Office settings


def settings(change: Callable[[Json], None]) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.settings(change):
            yield

    return broken


def _set(*path: str | int, value: Any) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        place: Any = body
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def _top_secret(body: Json) -> None:
    body["secrecy"]["allowed"].append({"id": "top-secret", "nameTh": "ลับที่สุด"})


def _unsigned(body: Json) -> None:
    body["workflow"]["letters"][0]["steps"] = ["number", "sign", "send"]


BREAKS: dict[str, Break] = {
    "IDP-001": organization_disabled,
    "IDP-002": realm(sslRequired="external"),
    "IDP-003": realm(bruteForceProtected=False),
    "IDP-004": realm(passwordPolicy="length(8)"),
    "IDP-009": client(guarded=True, implicitFlowEnabled=True),
    "IDP-010": client(redirectUris=["https://e-office.example.com/*"]),
    "IDP-011": client(guarded=True, attributes={"pkce.code.challenge.method": ""}),
    "IDP-012": client(clientAuthenticatorType="client-secret"),
    "IDP-013": client(fullScopeAllowed=True),
    "IDP-014": realm(eventsExpiration=86400),
    "IDP-015": realm(accessTokenLifespan=3600),
    "IDP-016": public_client,
    "IDP-017": realm(registrationAllowed=True),
    "IDP-020": client(attributes={"id.token.signed.response.alg": "HS256"}),
    "IDP-025": profile_open,
    "DOC-001": settings(_set("letterTypes", value=[{"id": "external"}])),
    "DOC-002": settings(_top_secret),
    "DOC-003": settings(_set("speeds", value=[{"id": "normal"}])),
    "DOC-004": settings(_set("centralAddress", value="someone@example.com")),
    "DOC-005": settings(_set("registers", "books", value=[])),
    "DOC-006": settings(_set("roles", 0, "group", value="another:central")),
    "DOC-007": settings(_unsigned),
    "DOC-008": settings(_set("ecms", "endpoint", value="http://ecms.example.com")),
    "DOC-010": settings(_set("retention", "years", value=1)),
    "DOC-012": settings(_set("registers", "timeZone", value="UTC")),
    "DOC-014": settings(_set("workflow", "letters", 0, "signature", "profile", value="PAdES-B")),
    "DOC-013": settings(_set("workCalendar", "outOfHours", "rule", value="entry")),
    "DOC-015": settings(_set("ai", value={"enabled": True, "endpoint": "https://example.com"})),
}

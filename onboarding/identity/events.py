"""Who changed an object of Keycloak last, from the admin events of its realm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from onboarding import environment, errors, item
from onboarding.identity import keycloak, writing

_ALL = "100000"
_PLACES = {
    "Client": "clients/{}",
    "ClientScope": "client-scopes/{}",
    "Group": "groups/{}",
    "IdentityProvider": "identity-provider/instances/{}",
    "Organization": "organizations/{}",
}


@dataclass(frozen=True, slots=True)
class Event:
    """``name``: the user or client that did it; ``time`` ISO 8601."""

    name: str
    operation: str
    time: str


def last_writes(
    target: environment.Environment, role: environment.Role, refs: Sequence[item.Ref]
) -> dict[item.Ref, Event]:
    """The last event of each object; those without one, or of a realm without events, are left
    out. What was deleted has no id left to ask by."""
    door = keycloak.connect(target, role)
    found = {}
    try:
        for ref in refs:
            try:
                event = _last(door, ref)
            except errors.OnboardError:
                continue
            if event is not None:
                found[ref] = event
    finally:
        door.close()
    return found


def trails(
    target: environment.Environment, role: environment.Role, refs: Sequence[item.Ref]
) -> dict[item.Ref, list[Mapping[str, Any]]]:
    """All events of each object that the server still remembers, as it tells them.

    Raises ``errors.OnboardError`` where a realm does not tell: nothing must be missing unseen.
    """
    door = keycloak.connect(target, role)
    try:
        return {
            ref: [
                event
                for query in _queries(door, ref)
                for event in door.get(ref.scope or ref.name, "/admin-events", max=_ALL, **query)
                or ()
            ]
            for ref in refs
        }
    finally:
        door.close()


def _last(door: keycloak.Keycloak, ref: item.Ref) -> Event | None:
    realm = ref.scope or ref.name
    events: list[Mapping[str, Any]] = []
    for query in _queries(door, ref):
        events += door.get(realm, "/admin-events", max="1", **query) or ()
    if not events:
        return None
    latest = max(events, key=lambda e: int(e.get("time") or 0))
    moment = datetime.fromtimestamp(int(latest["time"]) / 1000, UTC)
    return Event(
        _name(door, realm, latest.get("authDetails") or {}),
        str(latest.get("operationType", "")).lower(),
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    )


def _queries(door: keycloak.Keycloak, ref: item.Ref) -> list[dict[str, str]]:
    if ref.kind == "Realm":
        return [{"resourceTypes": "REALM"}]
    if ref.kind == "AuthenticationFlow":
        return [{"resourceTypes": "AUTH_FLOW"}, {"resourceTypes": "AUTH_EXECUTION"}]
    if ref.kind == "ServiceAccount":
        client = writing.find(door, item.Ref(ref.engine, "Client", ref.scope, ref.name))
        if client is None:
            return []
        user = door.get(ref.scope, f"/clients/{client['id']}/service-account-user") or {}
        return [
            {"resourcePath": f"users/{user.get('id')}/role-mappings*"},
            {"resourcePath": f"clients/{client['id']}/scope-mappings*"},
        ]
    found = writing.find(door, ref)
    return [{"resourcePath": _PLACES[ref.kind].format(found["id"]) + "*"}] if found else []


def _name(door: keycloak.Keycloak, realm: str, auth: Mapping[str, Any]) -> str:
    """The user's name where the realm knows it; of another realm only ids are told."""
    user, client = str(auth.get("userId") or ""), str(auth.get("clientId") or "")
    for place, key in ((f"/users/{user}", "username"), (f"/clients/{client}", "clientId")):
        try:
            known = door.get(realm, place)
        except errors.OnboardError:
            known = None
        if known:
            return str(known[key])
    return f"user {user} of another realm" if user else "not known"

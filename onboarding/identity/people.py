"""The accounts of an agency's people, which are removed when the agency has gone (PDPA s.37(3))."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding.identity.keycloak import Keycloak

_PAGE = 100


def remove_with(door: Keycloak, realm: str, organization: str) -> None:
    """Delete everybody who belongs to this organization (its id) and to no other one.

    Keycloak deletes with an organization only the accounts that its own brokers made.
    """
    for person in list(_members(door, realm, organization)):
        homes = door.get(realm, f"/organizations/members/{person['id']}/organizations") or ()
        if [home["id"] for home in homes] == [organization]:
            door.delete(realm, f"/users/{person['id']}")


def _members(door: Keycloak, realm: str, organization: str) -> Iterator[dict[str, Any]]:
    first = 0
    while True:
        page = door.get(
            realm, f"/organizations/{organization}/members", first=str(first), max=str(_PAGE)
        )
        yield from page or ()
        if not page or len(page) < _PAGE:
            return
        first += _PAGE

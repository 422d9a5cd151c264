"""Keycloak as an identity provider: items in, items out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onboarding import environment, item
from onboarding.identity import flows, kept_secret, keycloak, reading, writing
from onboarding.identity.interface import KeyOf, Names, Unread


class Provider:
    """``interface.IdentityProvider`` on Keycloak. ``door`` is open for what has no item."""

    def __init__(self, door: keycloak.Keycloak) -> None:
        self.door = door

    def realm_id(self, realm: str) -> str:
        return self.door.realm_id(realm)

    def exists(self, realm: str) -> bool:
        return self.door.exists(realm)

    def realm(self, name: str) -> item.Item | None:
        return reading.realm(self.door, name)

    def base(self, realm: str, key_of: KeyOf) -> tuple[item.Item, ...]:
        return tuple(reading.base(self.door, realm, key_of))

    def service_clients(self, realm: str, prefix: str, key_of: KeyOf) -> tuple[item.Item, ...]:
        return tuple(reading.service_clients(self.door, realm, prefix, key_of))

    def agency(
        self, realm: str, names: Names, key_of: KeyOf, unread: Unread
    ) -> tuple[item.Item, ...]:
        return tuple(reading.agency(self.door, realm, names, key_of, unread))

    def brokers(self, realm: str, names: Names, unread: Unread) -> tuple[item.Item, ...]:
        """Every identity provider of a realm that one agency has for itself."""
        return tuple(reading.brokers(self.door, realm, names, {}, unread, whole_realm=True))

    def groups(self, realm: str, names: Names) -> tuple[item.Item, ...]:
        return tuple(reading.groups(self.door, realm, names))

    def flow(self, realm: str) -> tuple[item.Item, ...]:
        return tuple(reading.flow(self.door, realm))

    def client_scopes(self, realm: str) -> tuple[item.Item, ...]:
        return tuple(reading.client_scopes(self.door, realm))

    def keys(self, realm: str) -> item.Item:
        return reading.keys(self.door, realm)

    def members(self, realm: str, group: str, parent: str) -> item.Item | None:
        return reading.group_members(self.door, realm, group, parent)

    def public_keys(self, realm: str, prefix: str) -> dict[str, str]:
        """The public JWK sets that clients of a realm hold, by client id."""
        return reading.public_keys(self.door, realm, prefix)

    def create_realm(self, items: Sequence[item.Item], key_of: KeyOf) -> None:
        self.door.create_realm(writing.realm_representation(items, key_of))
        writing.profile_of(self.door, next(i for i in items if i.ref.kind == "Realm"))

    def create(self, wanted: item.Item, key_of: KeyOf) -> None:
        writing.create(self.door, wanted, key_of)

    def update(self, wanted: item.Item, key_of: KeyOf) -> None:
        writing.update(self.door, wanted, key_of)

    def delete(self, ref: item.Ref) -> None:
        writing.delete(self.door, ref)

    def secret(self, ref: item.Ref) -> str:
        return kept_secret.held(self.door, ref)

    def finish_flow(self, realm: str, alias: str) -> None:
        """Remove what a run that was cut off left of an earlier form of a flow."""
        flows.drop_replaced(self.door, realm, alias)

    def requests(self) -> Mapping[str, int]:
        return dict(self.door.sent)


def connect(target: environment.Environment, role: environment.Role) -> Provider:
    """The provider of an environment under the identity of a role."""
    return Provider(keycloak.connect(target, role))

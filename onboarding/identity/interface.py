"""What the tool asks of any identity provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from onboarding import item

KeyOf = Callable[[item.Ref, str], str | None]
"""The public JWK set of a client, from the place that its field ``publicKey`` names, or the digest
of its secret, from the place that ``keptSecret`` names: "" where that place holds none (yet), None
where it cannot be looked into from here."""

Unread = dict[str, str] | None
"""Takes the kinds that may not be read, with the reason; None where a refusal ends the reading."""


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names an agency's objects stand in a realm."""

    agency: str
    clients: frozenset[str]
    client_prefix: str
    organization: str
    brokers: frozenset[str] = frozenset()


class IdentityProvider(Protocol):
    """Items of a realm, read and written. All methods raise ``errors.OnboardError`` only."""

    def realm_id(self, realm: str) -> str:
        """Id of a realm that no other realm ever has."""
        ...

    def exists(self, realm: str) -> bool: ...

    def base(self, realm: str, key_of: KeyOf) -> tuple[item.Item, ...]:
        """The realm itself with flow, scopes, our own clients and their rights."""
        ...

    def agency(
        self, realm: str, names: Names, key_of: KeyOf, unread: Unread
    ) -> tuple[item.Item, ...]:
        """Organization, groups and clients of one agency, and what stands in their place."""
        ...

    def create_realm(self, items: Sequence[item.Item], key_of: KeyOf) -> None:
        """A realm with everything in it, in one request."""
        ...

    def create(self, wanted: item.Item, key_of: KeyOf) -> None: ...

    def update(self, wanted: item.Item, key_of: KeyOf) -> None: ...

    def delete(self, ref: item.Ref) -> None: ...

    def secret(self, ref: item.Ref) -> str:
        """The secret of a client; made where it has none."""
        ...

    def requests(self) -> Mapping[str, int]:
        """How many requests were sent, by kind: login, read, write."""
        ...

"""Identity providers of others that an agency's users may sign in with: ThaID, juristic ids.

A broker rests on a permit. While that is a draft, it is not made in production. The client secret
is never here: Keycloak itself reads it from the vault that its operator gave it, under the name
``<realm>_<alias>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onboarding import environment, item, names, tenant
from onboarding.desired import realm_mark
from onboarding.manifest import drafts

KIND = "IdentityProvider"
NO_CLIENT = "TBD"
FIRST_LOGIN = "first broker login"
"""Keycloak's own flow: an account that is there already is linked only by who can sign in to it."""


@dataclass(frozen=True, slots=True)
class Broker:
    """``permit``: reference of the permit; ``endpoints`` by the names of Keycloak's settings."""

    alias: str
    display_name: str
    permit: str
    client_id: str
    scopes: tuple[str, ...]
    endpoints: Mapping[str, str]

    @property
    def draft(self) -> bool:
        return drafts.is_draft(self.permit) or drafts.is_draft(self.client_id)


def brokers(of: tenant.Tenant) -> tuple[Broker, ...]:
    """Every broker that the manifest asks for, drafts too."""
    return tuple(_agreed(of))


def provisioned(of: tenant.Tenant, target: environment.Environment) -> tuple[Broker, ...]:
    """Those that are made here: no drafts in production."""
    return tuple(b for b in brokers(of) if not (b.draft and target.production))


def _agreed(of: tenant.Tenant) -> Iterator[Broker]:
    known = realm_mark.policy()["brokers"]
    thaid = of.manifest.identity.thaid
    if thaid:
        yield Broker(
            alias=f"{of.id}-thaid",
            display_name="ThaID",
            permit=thaid.dopa_permit_ref,
            client_id=thaid.client_id or NO_CLIENT,
            scopes=thaid.scopes,
            endpoints=known["thaid"]["endpoints"],
        )
    for system in of.manifest.systems:
        asked = system.one_stop_service.juristic_id if system.one_stop_service else None
        if asked:
            yield Broker(
                alias=names.juristic_broker(of.id, system.name),
                display_name="นิติบุคคล",
                permit=asked.permit_ref,
                client_id=asked.client_id or NO_CLIENT,
                scopes=tuple(known["juristic"]["scopes"]),
                endpoints={
                    "issuer": asked.issuer,
                    "authorizationUrl": asked.authorization_url,
                    "tokenUrl": asked.token_url,
                    "jwksUrl": asked.jwks_url,
                },
            )


def items(of: tenant.Tenant, target: environment.Environment) -> Iterator[item.Item]:
    """In the realm where the agency's people are; in a shared one tied to its organization."""
    for broker in provisioned(of, target):
        fields = {
            "providerId": "oidc",
            "enabled": True,
            "displayName": broker.display_name,
            "trustEmail": False,
            "storeToken": False,
            "linkOnly": False,
            "firstBrokerLoginFlowAlias": FIRST_LOGIN,
            "postBrokerLoginFlowAlias": "",
            "mappers": [],
            "organization": "" if of.own_realm else of.organization,
            "config": {
                **realm_mark.marks(of.id),
                **broker.endpoints,
                "clientId": broker.client_id,
                "clientSecret": f"${{vault.{broker.alias}}}",
                "clientAuthMethod": "client_secret_basic",
                "defaultScope": " ".join(broker.scopes),
                "validateSignature": "true",
                "useJwksUrl": "true",
                "pkceEnabled": "true",
                "pkceMethod": "S256",
                "syncMode": "IMPORT",
            },
        }
        yield item.Item(realm_mark.ref(KIND, of.realm, broker.alias), fields, of.id)

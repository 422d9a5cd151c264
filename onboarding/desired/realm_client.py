"""OIDC clients as they must be (RFC 9700): of agencies, of the cluster, of our own tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import item, labels
from onboarding.desired import realm_mark
from onboarding.products import contract

PASSWORD_ADMINISTRATION = ("admin-cli", "security-admin-console")
BUILT_IN_CLIENTS = frozenset(
    {*PASSWORD_ADMINISTRATION, "account", "account-console", "broker", "realm-management"}
)
"""Clients that Keycloak makes in every realm."""
CLIENT_SCOPES = ("acr", "basic", "email", "organization", "profile")
"""Client scopes of an e-Office client, and nothing more."""

JWKS_OPERATOR = "operator's key file"
JWKS_SHARED = "as in the shared realm"
JWKS_VAULT = "as in Vault"
SECRET_VAULT = "the secret in Vault"  # noqa: S105 - where it is
KEPT_SECRET = "keptSecret"  # noqa: S105 - the name of a field
"""Field of a client with a secret: whether the place that it names holds the same one."""
KEY_HOME = labels.PREFIX + "key-home"
"""Attribute of a client: where its public key is looked up and compared."""

LEAST_ACR = "minimum.acr.value"
"""Attribute of a client: the authentication context below which Keycloak lets nobody in."""

GROUPS_MAPPER = {
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {
        "claim.name": "groups",
        "full.path": "false",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "userinfo.token.claim": "true",
    },
}
"""Puts the names of a person's groups, without their path, into the claim ``groups``."""

USERNAME_MAPPER = {
    "protocolMapper": "oidc-usermodel-attribute-mapper",
    "config": {
        "user.attribute": "username",
        "claim.name": "preferred_username",
        "jsonType.label": "String",
        "id.token.claim": "true",
        "access.token.claim": "true",
    },
}


def jwt_client(owner: str, source: str) -> dict[str, Any]:
    return {
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "bearerOnly": False,
        "clientAuthenticatorType": "client-jwt",
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "consentRequired": False,
        # Another flow for one client would let people in without the second factor.
        "authenticationFlowBindingOverrides": {},
        "protocolMappers": {},
        "publicKey": source,
        "attributes": {
            **realm_mark.marks(owner),
            KEY_HOME: source,
            "use.jwks.url": "false",
            "use.jwks.string": "true",
            "jwks.string": item.KNOWN_AFTER_APPLY,
            "token.endpoint.auth.signing.alg": "ES256",
            "access.token.signed.response.alg": "ES256",
            "id.token.signed.response.alg": "ES256",
        },
    }


def secret_client(owner: str) -> dict[str, Any]:
    """As ``jwt_client``, for a product that knows no keys. Keycloak makes the secret."""
    fields = jwt_client(owner, SECRET_VAULT)
    of_keys = ("use.jwks.url", "use.jwks.string", "jwks.string", "token.endpoint.auth.signing.alg")
    attributes = {k: v for k, v in fields["attributes"].items() if k not in of_keys}
    del fields["publicKey"]
    return {
        **fields,
        "clientAuthenticatorType": "client-secret",
        KEPT_SECRET: SECRET_VAULT,
        "attributes": attributes,
    }


def service_account(
    realm_name: str, client_id: str, owner: str, source: str, granted: Mapping[str, list[str]]
) -> list[item.Item]:
    """A client of our own tool, and exactly the roles it has, by client ("": of the realm)."""
    fields = {
        **jwt_client(owner, source),
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "webOrigins": [],
        "defaultClientScopes": ["basic", "service_account"],
        "optionalClientScopes": [],
    }
    return [
        item.Item(realm_mark.ref("Client", realm_name, client_id), fields, owner),
        item.Item(
            realm_mark.ref("ServiceAccount", realm_name, client_id),
            {"roles": dict(granted), "scope": dict(granted)},
            owner,
        ),
    ]


USUAL = contract.SignIn("/oidc/callback", "/", "preferred_username", True, True)
"""How people sign in to a system of which no more is known."""


def system_client(
    host: str,
    owner: str,
    system: str,
    environment: str,
    required_acr: str,
    *,
    strong: bool = False,
    way: contract.SignIn = USUAL,
) -> dict[str, Any]:
    """The OIDC client of one instance of a system (RFC 9700: code flow, exact redirect, PKCE).

    ``strong``: Keycloak refuses a weaker sign-in even where a request asks for one. ``way``: what
    the product that runs there needs.
    """
    fields = jwt_client(owner, JWKS_VAULT) if way.proves_by_key else secret_client(owner)
    return {
        **fields,
        "standardFlowEnabled": True,
        "serviceAccountsEnabled": False,
        "rootUrl": f"https://{host}",
        "baseUrl": f"https://{host}/",
        "redirectUris": [f"https://{host}{way.callback_path}"],
        "webOrigins": [f"https://{host}"],
        "defaultClientScopes": sorted(CLIENT_SCOPES),
        "optionalClientScopes": [],
        "protocolMappers": {"groups": GROUPS_MAPPER},
        "attributes": {
            **fields["attributes"],
            labels.SYSTEM: system,
            labels.ENVIRONMENT: environment,
            "pkce.code.challenge.method": realm_mark.policy()["settings"]["pkceMethod"],
            "post.logout.redirect.uris": f"https://{host}{way.signed_out_path}",
            "default.acr.values": required_acr,
            **({LEAST_ACR: required_acr} if strong else {}),
        },
    }


def cluster_client(realm_name: str, owner: str, rules: Mapping[str, Any]) -> item.Item:
    """The public client with which people sign in to the cluster by kubectl (kubelogin).

    Its redirects are loopback ones by RFC 8252 section 7.3, exact and without a wildcard.
    """
    client_id = rules["cluster"]["client"]
    fields = {
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": True,
        "bearerOnly": False,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "consentRequired": False,
        "authenticationFlowBindingOverrides": {},
        "redirectUris": sorted(rules["cluster"]["redirects"]),
        "webOrigins": [],
        "defaultClientScopes": ["acr", "basic"],
        "optionalClientScopes": [],
        "protocolMappers": {
            "audience": _audience_mapper(client_id),
            "groups": GROUPS_MAPPER,
            "username": USERNAME_MAPPER,
        },
        "attributes": {
            **realm_mark.marks(owner),
            "pkce.code.challenge.method": rules["settings"]["pkceMethod"],
            "access.token.signed.response.alg": "ES256",
            "id.token.signed.response.alg": "ES256",
            "default.acr.values": rules["acrRequired"],
        },
    }
    return item.Item(realm_mark.ref("Client", realm_name, client_id), fields, owner)


def _audience_mapper(client_id: str) -> dict[str, Any]:
    return {
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.client.audience": client_id,
            "id.token.claim": "true",
            "access.token.claim": "true",
        },
    }


def switched_off(realm_name: str, client_id: str, owner: str) -> item.Item:
    """A built-in client for administering the realm by password; our own sign in by key."""
    fields = {
        "enabled": False,
        "publicClient": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "redirectUris": [],
        "webOrigins": [],
        "attributes": realm_mark.marks(owner),
    }
    return item.Item(realm_mark.ref("Client", realm_name, client_id), fields, owner)

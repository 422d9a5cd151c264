"""People at public access points: a group without rights, and a client with short sessions. Pure.

The client is one of a browser at a shared computer: it keeps no secret, gets no refresh token,
and what it is given ends within the agreed minutes. It asks for a new sign-in each time
(``prompt=login``), for the realm's own session lasts as long as staff need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding import item, names, tenant
from onboarding.desired import realm_mark

ROLE = "public"
"""Group of the public, beside the roles of staff; it opens nothing."""
LIFETIMES = (
    "access.token.lifespan",
    "client.session.idle.timeout",
    "client.session.max.lifespan",
)
"""Attributes of a client, in seconds: what it is given ends with the shortest of them."""


def client_id(of: tenant.Tenant) -> str:
    return names.public_client(of.id)


def host(of: tenant.Tenant) -> str:
    """Where the public's pages are: below the agency's first domain."""
    return f"{ROLE}.{of.domains[0]}"


def session_seconds(of: tenant.Tenant) -> int:
    """The shortest session that any of the agency's populations agreed on."""
    return 60 * min(p.session_minutes for p in of.manifest.populations)


def items(of: tenant.Tenant) -> Iterator[item.Item]:
    """The client; nothing for an agency without public access points."""
    if of.manifest.populations:
        yield item.Item(realm_mark.ref("Client", of.realm, client_id(of)), _client(of), of.id)


def _client(of: tenant.Tenant) -> dict[str, Any]:
    rules = realm_mark.policy()
    seconds = session_seconds(of)
    lifetimes = {key: str(seconds) for key in LIFETIMES}
    shortest = min(seconds, rules["settings"]["accessTokenSeconds"])
    return {
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
        "redirectUris": [f"https://{host(of)}/oidc/callback"],
        "webOrigins": [f"https://{host(of)}"],
        "defaultClientScopes": ["acr", "basic"],
        "optionalClientScopes": [],
        "attributes": {
            **realm_mark.marks(of.id),
            **lifetimes,
            "access.token.lifespan": str(shortest),
            "use.refresh.tokens": "false",
            "pkce.code.challenge.method": rules["settings"]["pkceMethod"],
            "post.logout.redirect.uris": f"https://{host(of)}/",
            "access.token.signed.response.alg": "ES256",
            "id.token.signed.response.alg": "ES256",
        },
    }

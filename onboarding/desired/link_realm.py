"""A link's OIDC client on this agency's side, and the scopes that it may ask for.

A scope belongs to one side of one link and carries the audience: a token without a scope of the
link is meant for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding import item, labels, tenant, tenant_link
from onboarding.desired import realm_client, realm_mark

_ALWAYS = ("basic", "service_account")
PORTAL = "portal"


def items(of: tenant.Tenant) -> Iterator[item.Item]:
    """Client scopes, client, and the account of the client, which has no role, of each link."""
    for link in of.agreed_links:
        for name in scopes(link):
            yield item.Item(realm_mark.ref("ClientScope", of.realm, name), _scope(of, link), of.id)
        yield item.Item(realm_mark.ref("Client", of.realm, link.client), _client(of, link), of.id)
        account: dict[str, Any] = {"roles": {}, "scope": {}}
        yield item.Item(realm_mark.ref("ServiceAccount", of.realm, link.client), account, of.id)


def scopes(link: tenant_link.Link) -> list[str]:
    """Names of the client scopes: the realm has one space of names for all agencies."""
    return [f"{link.client}:{scope}" for scope in sorted(link.declaration.scopes)]


def runs_portal(of: tenant.Tenant, link: tenant_link.Link) -> bool:
    """Whether people sign in by this link's client: it is the portal's own."""
    portal = link.declaration.portal
    return portal is not None and portal.operator == of.id


def _marks(of: tenant.Tenant, link: tenant_link.Link) -> dict[str, str]:
    return {**realm_mark.marks(of.id), labels.LINK: link.id}


def _scope(of: tenant.Tenant, link: tenant_link.Link) -> dict[str, Any]:
    return {
        "description": f"{link.declaration.dataset} ({link.id})",
        "protocol": "openid-connect",
        "attributes": {
            **_marks(of, link),
            "include.in.token.scope": "true",
            "display.on.consent.screen": "false",
        },
        "protocolMappers": {
            "audience": {
                "protocolMapper": "oidc-audience-mapper",
                "config": {
                    "included.custom.audience": link.audience,
                    "access.token.claim": "true",
                    "id.token.claim": "false",
                },
            }
        },
    }


def _client(of: tenant.Tenant, link: tenant_link.Link) -> dict[str, Any]:
    """Client credentials by ``private_key_jwt`` (TGIX); no redirect but for the portal itself."""
    fields = realm_client.jwt_client(of.id, realm_client.JWKS_VAULT)
    made = {
        **fields,
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "webOrigins": [],
        "defaultClientScopes": sorted(_ALWAYS),
        "optionalClientScopes": scopes(link),
        "protocolMappers": {},
        "attributes": {**fields["attributes"], **_marks(of, link)},
    }
    return {**made, **_sign_in(of, link, made)} if runs_portal(of, link) else made


def _sign_in(of: tenant.Tenant, link: tenant_link.Link, made: dict[str, Any]) -> dict[str, Any]:
    """People of the portal sign in by the code flow; no claim tells a citizen id."""
    hosts = sorted(i.host for i in of.instances if link in of.carries(i) and i.host)
    rules = realm_mark.policy()
    return {
        "standardFlowEnabled": bool(hosts),
        "redirectUris": [f"https://{host}/links/{link.id}/callback" for host in hosts],
        "webOrigins": [f"https://{host}" for host in hosts],
        "defaultClientScopes": sorted((*_ALWAYS, "acr")),
        "attributes": {
            **made["attributes"],
            "pkce.code.challenge.method": rules["settings"]["pkceMethod"],
        },
    }

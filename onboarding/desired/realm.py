"""A realm as it must be: hardened, with our flow, scopes and service accounts. Pure.

Used for the shared realm of an environment and for the realm of an agency that asked for its
own. All values come from ``policies/data/identity.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from onboarding import item, labels, strict_yaml
from onboarding.desired import realm_flow

SERVICE_CLIENTS = ("onboard-applier", "onboard-auditor", "onboard-planner")
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
KEY_HOME = labels.PREFIX + "key-home"
"""Attribute of a client: where its public key is looked up and compared."""
DAY = 86400
POLICY = "policies/data/identity.yaml"


def policy() -> Mapping[str, Any]:
    """What we set in a realm, from the policy file."""
    text = resources.files("onboarding").joinpath(POLICY).read_text("utf-8")
    read: dict[str, Any] = strict_yaml.loads(text, POLICY).value
    return read


def marks(owner: str) -> dict[str, str]:
    """The attributes by which an object is known as ours."""
    return {labels.AGENCY: owner, labels.MANAGED_BY: labels.MANAGER}


def list_marks(owner: str) -> dict[str, list[str]]:
    """The same for groups and organizations, whose attributes are lists."""
    return {key: [value] for key, value in marks(owner).items()}


def text_mark(owner: str) -> str:
    """The same for what has no attributes but a description (a flow)."""
    return " ".join(f"{key}={value}" for key, value in marks(owner).items())


def ref(kind: str, realm: str, name: str) -> item.Ref:
    return item.Ref(item.EngineName.SSO, kind, realm, name)


def items(name: str, display_name: str, owner: str, *, shared: bool) -> tuple[item.Item, ...]:
    """Everything a realm holds besides the groups and clients of agencies."""
    rules = policy()
    made = [
        item.Item(
            ref("Realm", "", name), realm(name, display_name, owner, rules), owner, holds_data=True
        ),
        item.Item(ref("AuthenticationFlow", name, realm_flow.ALIAS), flow(owner, rules), owner),
    ]
    source = JWKS_OPERATOR if shared else JWKS_SHARED
    for client_id in SERVICE_CLIENTS:
        rights = [*rules["rights"][client_id]]
        if not shared:
            rights += rules["ownRealm"].get(client_id, ())
        granted = {"realm-management": sorted(rights)}
        made += service_account(name, client_id, owner, source, granted)
    if shared:
        made.append(cluster_client(name, owner, rules))
    made += [switched_off(name, client_id, owner) for client_id in PASSWORD_ADMINISTRATION]
    return tuple(made)


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
        "attributes": marks(owner),
    }
    return item.Item(ref("Client", realm_name, client_id), fields, owner)


def realm(name: str, display_name: str, owner: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a RealmRepresentation that we own."""
    chosen = rules["settings"]
    return {
        "enabled": True,
        "displayName": display_name,
        "organizationsEnabled": True,
        **_sign_in(chosen),
        **_events(chosen),
        **_sessions(chosen),
        **_look(chosen),
        **_client_rules(),
        "browserFlow": realm_flow.ALIAS,
        "attributes": {
            **marks(owner),
            "acr.loa.map": json.dumps(rules["acrLevels"], separators=(",", ":")),
            "adminEventsExpiration": str(chosen["eventsDays"] * DAY),
        },
    }


def _sign_in(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sslRequired": "all",
        "registrationAllowed": False,
        "registrationEmailAsUsername": False,
        "rememberMe": False,
        "resetPasswordAllowed": False,
        "editUsernameAllowed": False,
        "duplicateEmailsAllowed": False,
        "bruteForceProtected": True,
        "permanentLockout": False,
        "failureFactor": chosen["failureFactor"],
        "waitIncrementSeconds": chosen["waitIncrementSeconds"],
        "minimumQuickLoginWaitSeconds": chosen["waitIncrementSeconds"],
        "maxFailureWaitSeconds": chosen["maxFailureWaitSeconds"],
        "maxDeltaTimeSeconds": chosen["failureResetSeconds"],
        "passwordPolicy": f"length({chosen['passwordLength']}) and notUsername and notEmail "
        f"and passwordHistory({chosen['passwordHistory']})",
        # All of it: of a policy given in part Keycloak takes the rest as 0, and every code fails.
        "otpPolicyType": "totp",
        "otpPolicyAlgorithm": "HmacSHA1",
        "otpPolicyDigits": 6,
        "otpPolicyPeriod": 30,
        "otpPolicyInitialCounter": 0,
        "otpPolicyLookAheadWindow": 1,
        "otpPolicyCodeReusable": False,
        "webAuthnPolicyRpEntityName": "GDCC",
        "webAuthnPolicySignatureAlgorithms": ["ES256", "RS256"],
        "webAuthnPolicyUserVerificationRequirement": "required",
        "webAuthnPolicyAvoidSameAuthenticatorRegister": True,
    }


def _events(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "eventsEnabled": True,
        "eventsExpiration": chosen["eventsDays"] * DAY,
        "eventsListeners": ["jboss-logging"],
        "adminEventsEnabled": True,
        "adminEventsDetailsEnabled": True,
    }


def _sessions(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Rotation of refresh tokens is realm-wide in Keycloak and wanted for public clients."""
    return {
        "defaultSignatureAlgorithm": chosen["signatureAlgorithm"],
        "accessTokenLifespan": chosen["accessTokenSeconds"],
        "accessTokenLifespanForImplicitFlow": chosen["accessTokenSeconds"],
        "ssoSessionIdleTimeout": chosen["idleSeconds"],
        "ssoSessionMaxLifespan": chosen["sessionSeconds"],
        "offlineSessionMaxLifespanEnabled": True,
        "offlineSessionMaxLifespan": chosen["offlineSessionSeconds"],
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
    }


def _look(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "internationalizationEnabled": True,
        "supportedLocales": sorted(chosen["locales"]),
        "defaultLocale": chosen["locales"][0],
        "browserSecurityHeaders": {
            "xContentTypeOptions": "nosniff",
            "referrerPolicy": "no-referrer",
            "xRobotsTag": "none",
            "xFrameOptions": "DENY",
            "contentSecurityPolicy": "frame-src 'self'; frame-ancestors 'none'; object-src 'none';",
            "strictTransportSecurity": "max-age=31536000; includeSubDomains",
        },
    }


def _client_rules() -> dict[str, Any]:
    """Rules that the server itself enforces on every client, whoever registers it.

    They correct a client as it is saved rather than refuse it: the refusal of a client that
    leaves a field out is an internal error of Keycloak 26.7.
    """
    executors = [
        {"executor": "reject-implicit-grant", "configuration": {"auto-configure": "true"}},
        {"executor": "reject-ropc-grant", "configuration": {"auto-configure": "true"}},
        {"executor": "pkce-enforcer", "configuration": {"auto-configure": "true"}},
    ]
    return {
        "clientProfiles": {
            "profiles": [
                {"name": "gdcc", "description": "RFC 9700", "executors": executors},
            ]
        },
        "clientPolicies": {
            "policies": [
                {
                    "name": "gdcc every client",
                    "description": "RFC 9700 for every client of the realm",
                    "enabled": True,
                    "conditions": [{"condition": "any-client", "configuration": {}}],
                    "profiles": ["gdcc"],
                }
            ]
        },
    }


def flow(owner: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": text_mark(owner),
        "executions": realm_flow.listed(_steps(rules)),
    }


def _steps(rules: Mapping[str, Any]) -> tuple[realm_flow.Step, ...]:
    level = rules["acrLevels"][rules["acrRequired"]]
    return realm_flow.browser(level, rules["settings"]["sessionSeconds"])


def flow_import(owner: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The flow as a realm representation takes it."""
    return realm_flow.imported(realm_flow.ALIAS, text_mark(owner), _steps(policy()))


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


def _jwt_client(owner: str, source: str) -> dict[str, Any]:
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
        "publicKey": source,
        "attributes": {
            **marks(owner),
            KEY_HOME: source,
            "use.jwks.url": "false",
            "use.jwks.string": "true",
            "jwks.string": item.KNOWN_AFTER_APPLY,
            "token.endpoint.auth.signing.alg": "ES256",
            "access.token.signed.response.alg": "ES256",
            "id.token.signed.response.alg": "ES256",
        },
    }


def service_account(
    realm_name: str, client_id: str, owner: str, source: str, granted: Mapping[str, list[str]]
) -> list[item.Item]:
    """A client of our own tool, and exactly the roles it has, by client ("": of the realm)."""
    fields = {
        **_jwt_client(owner, source),
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "webOrigins": [],
        "defaultClientScopes": ["basic", "service_account"],
        "optionalClientScopes": [],
    }
    return [
        item.Item(ref("Client", realm_name, client_id), fields, owner),
        item.Item(
            ref("ServiceAccount", realm_name, client_id),
            {"roles": dict(granted), "scope": dict(granted)},
            owner,
        ),
    ]


def office_client(
    host: str, owner: str, system: str, environment: str, required_acr: str
) -> dict[str, Any]:
    """The OIDC client of one instance of a system (RFC 9700: code flow, exact redirect, PKCE)."""
    fields = _jwt_client(owner, JWKS_VAULT)
    return {
        **fields,
        "standardFlowEnabled": True,
        "serviceAccountsEnabled": False,
        "rootUrl": f"https://{host}",
        "baseUrl": f"https://{host}/",
        "redirectUris": [f"https://{host}/oidc/callback"],
        "webOrigins": [f"https://{host}"],
        "defaultClientScopes": sorted(CLIENT_SCOPES),
        "optionalClientScopes": [],
        "protocolMappers": {"groups": GROUPS_MAPPER},
        "attributes": {
            **fields["attributes"],
            labels.SYSTEM: system,
            labels.ENVIRONMENT: environment,
            "pkce.code.challenge.method": policy()["settings"]["pkceMethod"],
            "post.logout.redirect.uris": f"https://{host}/",
            "default.acr.values": required_acr,
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
            **marks(owner),
            "pkce.code.challenge.method": rules["settings"]["pkceMethod"],
            "access.token.signed.response.alg": "ES256",
            "id.token.signed.response.alg": "ES256",
            "default.acr.values": rules["acrRequired"],
        },
    }
    return item.Item(ref("Client", realm_name, client_id), fields, owner)


def _audience_mapper(client_id: str) -> dict[str, Any]:
    return {
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.client.audience": client_id,
            "id.token.claim": "true",
            "access.token.claim": "true",
        },
    }

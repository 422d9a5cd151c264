"""A realm as it must be: hardened, with our flow, scopes and service accounts. Pure.

Used for the shared realm of an environment and for the realm of an agency that asked for its
own. All values come from ``policies/data/identity.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from onboarding import item
from onboarding.desired import realm_client, realm_flow, realm_mark

SERVICE_CLIENTS = ("onboard-applier", "onboard-auditor", "onboard-planner")
DAY = 86400


def items(name: str, display_name: str, owner: str, *, shared: bool) -> tuple[item.Item, ...]:
    """Everything a realm holds besides the groups and clients of agencies."""
    rules = realm_mark.policy()
    made = [
        item.Item(
            realm_mark.ref("Realm", "", name),
            realm(display_name, owner, rules),
            owner,
            holds_data=True,
        ),
        item.Item(
            realm_mark.ref("AuthenticationFlow", name, realm_flow.ALIAS), flow(owner, rules), owner
        ),
    ]
    source = realm_client.JWKS_OPERATOR if shared else realm_client.JWKS_SHARED
    for client_id in SERVICE_CLIENTS:
        rights = [*rules["rights"][client_id]]
        if not shared:
            rights += rules["ownRealm"].get(client_id, ())
        granted = {"realm-management": sorted(rights)}
        made += realm_client.service_account(name, client_id, owner, source, granted)
    if shared:
        made.append(realm_client.cluster_client(name, owner, rules))
    made += [
        realm_client.switched_off(name, client_id, owner)
        for client_id in realm_client.PASSWORD_ADMINISTRATION
    ]
    return tuple(made)


def realm(display_name: str, owner: str, rules: Mapping[str, Any]) -> dict[str, Any]:
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
        "userProfile": _user_profile(rules["userProfile"]),
        "attributes": {
            **realm_mark.marks(owner),
            "acr.loa.map": json.dumps(rules["acrLevels"], separators=(",", ":")),
            "adminEventsExpiration": str(chosen["eventsDays"] * DAY),
        },
    }


def _user_profile(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Who people are is for administrators to say: systems know staff by these attributes.

    One that is not listed can be neither set nor shown.
    """
    rights = {"edit": sorted(chosen["edit"]), "view": sorted(chosen["view"])}
    return {
        "attributes": {name: dict(rights) for name in chosen["attributes"]},
        "unmanagedAttributePolicy": chosen["unmanaged"],
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
        "description": realm_mark.text_mark(owner),
        "executions": realm_flow.listed(_steps(rules)),
    }


def _steps(rules: Mapping[str, Any]) -> tuple[realm_flow.Step, ...]:
    level = rules["acrLevels"][rules["acrRequired"]]
    return realm_flow.browser(level, rules["settings"]["sessionSeconds"])


def flow_import(owner: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The flow as a realm representation takes it."""
    return realm_flow.imported(
        realm_flow.ALIAS, realm_mark.text_mark(owner), _steps(realm_mark.policy())
    )

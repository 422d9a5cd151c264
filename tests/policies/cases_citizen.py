"""Ways to break what only systems for patients and the public have."""

from __future__ import annotations

from datetime import date

from onboarding import policy
from tests.policies.breaks import (
    LIVE,
    MANIFEST,
    Break,
    Case,
    environment_with,
    everywhere,
    extra,
    in_realm,
    live,
    only,
    setting,
    stated,
    without,
)
from tests.policies.world import E

_HEALTH = "ga-moph-prod-health-platform"
_PLAIN = {"spec": {"storageClassName": "plain", "resources": {"requests": {"storage": "1Gi"}}}}
_BY_HAND = {"spec": {"storageClassName": "gdcc-encrypted", "volumeName": "theirs"}}
_OPEN = {"spec": {"ingressClassName": "gdcc", "rules": []}, "metadata": {}}


def _moph(change: Break) -> list[Case]:
    return everywhere(change, "moph")


def _eec(change: Break) -> list[Case]:
    return everywhere(change, "eec")


def _broker(path: str, value: object) -> list[Case]:
    return _eec(only("IdentityProvider", "eec-thaid", path, value))


def gateway(**fields: object) -> Break:
    """The environment with another gateway for public sites; none where nothing is given."""

    def change(view: policy.View) -> policy.View:
        cluster = view.environment.cluster
        made = cluster.public_sites.model_copy(update=fields) if cluster.public_sites else None
        changed = cluster.model_copy(update={"public_sites": made if fields else None})
        return environment_with(cluster=changed)(view)

    return change


CITIZEN: dict[str, list[Case]] = {
    "TEN-017": [
        *_moph(without("ResourceQuota", "storage")),
        *_moph(only("ResourceQuota", "storage", "spec/hard", {})),
        *_moph(setting("PersistentVolumeClaim", "spec/storageClassName", "plain")),
        *everywhere(extra(E.CLUSTER, "PersistentVolumeClaim", "more", _PLAIN)),
        *everywhere(extra(E.CLUSTER, "PersistentVolumeClaim", "more", _BY_HAND)),
        *live(without("PersistentVolumeClaim")),
    ],
    "PDP-007": [
        *_moph(only("Namespace", _HEALTH, "metadata/labels", {})),
        *_moph(without("ResourceQuota", "storage")),
        *_moph(only("Client", _HEALTH, "attributes/minimum.acr.value", "gdcc:aal1")),
        *_moph(only("Client", _HEALTH, "attributes/minimum.acr.value", None)),
        *_moph(only("Settings", "health-platform-settings", "accessLog/enabled", False)),
        *_moph(only("Settings", "health-platform-settings", "accessLog/retentionDays", 30)),
        *_moph(without("Settings", "health-platform-settings")),
        *_moph(only("PersistentVolumeClaim", "health-platform-documents", "spec", {})),
    ],
    "NET-007": [
        *live(setting("TlsSecret", "dnsNames", ["elsewhere.go.th"]), agency="eec"),
        *live(setting("TlsSecret", "notAfter", "2026-12-01T00:00:00Z"), agency="eec"),
        *live(without("TlsSecret"), agency="eec"),
        *live(gateway(hsts_seconds=60), agency="eec"),
        *live(gateway(), agency="eec"),
    ],
    "NET-009": [
        *_eec(setting("Ingress", "spec/ingressClassName", "gdcc")),
        *_eec(setting("Ingress", "metadata/annotations", {"waf": "off"})),
        *_eec(extra(E.CLUSTER, "Ingress", "another", _OPEN)),
        *_eec(gateway()),
        *live(without("Ingress"), agency="eec"),
    ],
    "IDP-006": [
        *_broker("config/tokenUrl", "https://elsewhere.go.th/token"),
        *_broker("config/validateSignature", "false"),
        *_broker("config/pkceMethod", None),
        *_broker("storeToken", True),
        *_broker("trustEmail", None),
        *_broker("organization", ""),
        *_broker("firstBrokerLoginFlowAlias", "link whoever comes"),
        *_broker("firstBrokerLoginFlowAlias", None),
        *_broker("postBrokerLoginFlowAlias", "theirs"),
        *_broker("mappers", ["all are directors (oidc-hardcoded-group-idp-mapper)"]),
        *_broker("mappers", None),
        *_eec(without("IdentityProvider", "eec-thaid")),
        *_eec(extra(E.SSO, "IdentityProvider", "theirs", {"config": {}})),
        *live(environment_with(production=True), agency="eec"),
        *live(in_realm("IdentityProvider", "theirs", {"organization": ""})),
        *live(in_realm("IdentityProvider", "theirs", {"organization": "6f1c"})),
        ("eec", MANIFEST, stated("identity.thaid.dopa_permit_ref", "")),
        ("eec", MANIFEST, stated("identity.thaid.systems", ())),
        ("eec", MANIFEST, stated("identity.thaid.purpose", "")),
    ],
    "IDP-007": [
        *_broker("config/defaultScope", "openid pid given_name family_name address"),
        *live(without("IdentityProvider", "eec-thaid"), agency="eec"),
    ],
    "OPS-004": [
        ("eec", stage, change)
        for stage in (MANIFEST, LIVE)
        for change in (
            stated("operations.pen_test", None),
            stated("operations.pen_test.on", date(2025, 6, 15)),
        )
    ],
}

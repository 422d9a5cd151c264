"""Ways to break links between agencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from onboarding import labels, links, policy
from tests.policies.breaks import (
    LIVE,
    MANIFEST,
    PLAN,
    Break,
    Case,
    egress,
    everywhere,
    extra,
    later,
    live,
    manifest,
    only,
    setting,
    stated,
    without,
)
from tests.policies.world import E

_LINK = "moph-bdi-healthlink"
_CLIENT = f"ga-moph-link-{_LINK}"
_SCOPE = f"{_CLIENT}:patient-summary.read"
_ROLE = f"link-{_LINK}"
_PORTAL = "ga-etda-link-services"
_GATEWAY = {"matchLabels": {"kubernetes.io/metadata.name": "gdcc-gateway"}}
_STRAY = {"attributes": {labels.LINK: "ended"}}
_ANOTHER = egress([{"namespaceSelector": _GATEWAY}], 443) | {
    "metadata": {"labels": {labels.LINK: "ended"}}
}


def linked(**changes: Any) -> Break:
    """The first link, resolved in another way."""

    def change(view: policy.View) -> policy.View:
        first, *rest = view.tenant.links
        made = (replace(first, **changes), *rest)
        return replace(view, tenant=replace(view.tenant, links=made))

    return change


def declared(**changes: Any) -> Break:
    """The first link, declared in another way on both sides."""

    def change(view: policy.View) -> policy.View:
        first = view.tenant.links[0]
        return linked(declaration=first.declaration.model_copy(update=changes))(view)

    return change


def route(key: str, value: str | None, agency: str = "moph") -> list[Case]:
    return everywhere(setting("ConfigMap", f"data/{key}", value), agency)


def _moph(*changes: Break) -> list[Case]:
    return [case for change in changes for case in everywhere(change, "moph")]


def _intake(**changes: Any) -> Break:
    def change(view: policy.View) -> policy.View:
        intake = view.tenant.links[0].declaration.intake
        assert intake is not None
        return declared(intake=intake.model_copy(update=changes))(view)

    return change


def _policy_with(way: str, path: str, value: Any) -> Break:
    return only("NetworkPolicy", f"link-{_LINK}-{way}", path, value)


XCH: dict[str, list[Case]] = {
    "XCH-001": [
        *manifest(
            linked(state=links.State.UNKNOWN_PEER, why="nobody"),
            linked(state=links.State.UNDECLARED, why="nothing"),
            linked(state=links.State.DIFFERENT, why="basis"),
            linked(state=links.State.REFUSED, why="restricted"),
            linked(state=links.State.DRAFT, why="facilityCodes"),
        ),
        ("moph", PLAN, setting("ConfigMap", "data/agreement", "0" * 64)),
        ("moph", PLAN, setting("ConfigMap", "data/peer", "other")),
        ("moph", PLAN, without("ConfigMap", f"link-{_LINK}")),
    ],
    "XCH-002": manifest(
        declared(basis="TBD"),
        declared(purpose=None),
        declared(owner=None),
        declared(dataset=""),
        declared(data_fields=()),
    ),
    "XCH-003": [
        *manifest(
            linked(state=links.State.ABOVE_CEILING, why="class confidential"),
            stated("security.max_data_class", "internal"),
        ),
        ("moph", PLAN, setting("ConfigMap", "data/class", "secret")),
    ],
    "XCH-004": [
        *_moph(
            without("PkiRole", _ROLE),
            only("PkiRole", _ROLE, "allowed_domains", ["other.go.th"]),
            only("PkiRole", _ROLE, "ext_key_usage_oids", ["1.3.6.1.5.5.7.3.1"]),
            only("PkiRole", _ROLE, "server_flag", True),
            without("Client", _CLIENT),
            only("Client", _CLIENT, "serviceAccountsEnabled", False),
            only("Client", _CLIENT, "clientAuthenticatorType", "client-secret"),
            only("Client", _CLIENT, "fullScopeAllowed", True),
            only("Client", _CLIENT, "standardFlowEnabled", True),
            only("Client", _CLIENT, "optionalClientScopes", []),
            only("Client", _CLIENT, "defaultClientScopes", ["basic", "roles"]),
            only("Client", _CLIENT, "protocolMappers", {"pid": {}}),
            without("ClientScope", _SCOPE),
            only("ClientScope", _SCOPE, "protocolMappers", {}),
            only(
                "ClientScope",
                _SCOPE,
                "protocolMappers/audience/config",
                {"included.custom.audience": "all"},
            ),
            only("ClientScope", _SCOPE, "protocolMappers/pid", {"protocolMapper": "oidc-x"}),
            only("ServiceAccount", _CLIENT, "roles", {"realm-management": ["view-users"]}),
            declared(scopes=()),
        ),
        *live(extra(E.SSO, "Client", "ga-x-link-ended", _STRAY)),
        *live(extra(E.SSO, "ClientScope", "ga-x-link-ended:read", _STRAY)),
    ],
    "XCH-005": [
        *_moph(
            without("NetworkPolicy", f"link-{_LINK}-in"),
            without("NetworkPolicy", f"link-{_LINK}-out"),
            _policy_with("out", "spec/podSelector", {}),
            _policy_with("out", "spec/egress/0/to", [{"podSelector": {}}]),
            _policy_with("out", "spec/egress/0/ports", []),
            _policy_with("out", "spec/egress/0/ports/0/port", 5432),
            _policy_with("out", "spec/egress/0/ports/0/endPort", 65535),
            _policy_with("out", "spec/egress/0/ports/0/protocol", "UDP"),
            _policy_with("in", "spec/ingress/0/ports/0/endPort", 65535),
            _policy_with("out", "spec/ingress", [{"from": []}]),
            _policy_with("in", "spec/ingress", []),
            _policy_with("in", "spec/ingress/0/from/0/namespaceSelector", {}),
        ),
        *live(extra(E.CLUSTER, "NetworkPolicy", "link-ended-out", _ANOTHER)),
    ],
    "XCH-006": [
        *route("log-fields", "request-id,dataset"),
        *route("log-keep-days", "30"),
        *route("requests-per-minute", "0"),
        *route("requests-per-minute", None),
        *_moph(without("ConfigMap", f"link-{_LINK}")),
    ],
    "XCH-007": [
        *manifest(declared(expires=date(2028, 1, 1)), declared(expires=date(2026, 11, 21))),
        *manifest(later(date(2027, 7, 1))),
        ("moph", LIVE, setting("ConfigMap", "data/expires", "2030-01-01")),
        ("moph", LIVE, declared(expires=date(2026, 1, 1))),
    ],
    "XCH-008": [
        *manifest(
            declared(facility_codes=()),
            declared(facility_codes=("123",)),
            declared(consent_mode=None),
            declared(clinician_check=False),
        ),
        *route("consent-mode", None),
        *route("facility-codes", "99999"),
        *route("clinician-check", "false"),
        *route("consent-webhook", ""),
    ],
    "XCH-009": [
        ("etda", MANIFEST, _intake(masked=())),
        ("etda", MANIFEST, _intake(masked=("something-else",))),
        *route("mask", "", "etda"),
        *route("mask", "narrative", "etda"),
    ],
    "XCH-010": [
        ("etda", MANIFEST, _intake(answer_hours=None)),
        ("etda", MANIFEST, _intake(answer_hours=48)),
        *route("answer-hours", "48", "etda"),
        *route("answer-hours", "soon", "etda"),
    ],
    "XCH-011": [
        ("etda", MANIFEST, stated("security.category.a", "moderate")),
        *everywhere(setting("Deployment", "spec/replicas", 1), "etda"),
        *everywhere(without("Deployment"), "etda"),
        *everywhere(without("PodDisruptionBudget"), "etda"),
    ],
    "XCH-012": [
        ("portal", MANIFEST, declared(data_fields=("name", "citizen-id"))),
        ("portal", MANIFEST, declared(scopes=("pid",))),
        *everywhere(
            only("Client", _PORTAL, "protocolMappers", {"x": {"config": {"claim.name": "pid"}}}),
            "portal",
        ),
        *everywhere(only("Client", _PORTAL, "defaultClientScopes", ["basic", "pid"]), "portal"),
        *everywhere(without("ClientScope", f"{_PORTAL}:services.read"), "portal"),
    ],
}

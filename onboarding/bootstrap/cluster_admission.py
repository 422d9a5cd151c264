"""Admission policies: a second fence behind RBAC, around the agencies and around ourselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onboarding import labels, tenant

API_VERSION = "admissionregistration.k8s.io/v1"

Policy = tuple[str, dict[str, Any]]
"""Name and spec of a ValidatingAdmissionPolicy."""

_OURS = (
    "has({0}.metadata.labels) && '"
    + labels.MANAGED_BY
    + "' in {0}.metadata.labels && {0}.metadata.labels['"
    + labels.MANAGED_BY
    + f"'] == '{labels.MANAGER}'"
)


_OF_AGENCY = f"{_OURS} && '{labels.AGENCY}' in {{0}}.metadata.labels"
"""Ours, and of an agency: our own namespace belongs to the environment and is not the applier's."""

_PSA = "pod-security.kubernetes.io/enforce"


def policies(group_prefix: str, applier: str) -> Iterator[Policy]:
    """``group_prefix`` stands before every OIDC group; ``applier`` is the applier's user name."""
    yield "onboard-guard-rails", _guard_rails(group_prefix)
    yield "onboard-applier-namespaces", _applier_namespaces(applier)
    yield "onboard-applier-secrets", _applier_secrets(applier)
    yield "onboard-applier-ways", _applier_ways(applier)
    yield "onboard-applier-bindings", _applier_bindings(applier, group_prefix)
    yield "onboard-node-pools", _node_pools()


def _guard_rails(group_prefix: str) -> dict[str, Any]:
    """Even an agency that is given more rights some day cannot loosen what holds it."""
    return _spec(
        f"request.userInfo.groups.exists(g, g.startsWith('{group_prefix}'))",
        [
            _rule([""], ["namespaces", "resourcequotas", "limitranges", "serviceaccounts"]),
            _rule(["networking.k8s.io"], ["networkpolicies"]),
            _rule(["rbac.authorization.k8s.io"], ["roles", "rolebindings"]),
        ],
        ["UPDATE", "DELETE"],
        f"!({_OURS.format('oldObject')})",
        "this object is a guard rail of the platform; agencies may add their own beside it",
    )


def _applier_namespaces(applier: str) -> dict[str, Any]:
    """The applier writes in the agencies' namespaces and nowhere else.

    Its rights are cluster-wide, because namespaces come and go; without this fence they would
    reach the system's own namespaces.
    """
    inside = f"namespaceObject != null && {_OF_AGENCY.format('namespaceObject')}"
    # Without Pod Security a pod could take over its node, and with it the cluster.
    fenced = f"object.metadata.labels[?'{_PSA}'].orValue('') == 'restricted'"
    # A new namespace has no old object, a deleted one no new object.
    itself = (
        f"(oldObject == null || ({_OF_AGENCY.format('oldObject')}))"
        f" && (object == null || ({_OF_AGENCY.format('object')} && {fenced}))"
    )
    return _spec(
        f"request.userInfo.username == '{applier}'",
        [_rule(["*"], ["*"])],
        ["CREATE", "UPDATE", "DELETE"],
        f"request.resource.resource == 'namespaces' ? ({itself}) : ({inside})",
        "the applier writes only in namespaces of agencies, under Pod Security restricted",
    )


def _applier_secrets(applier: str) -> dict[str, Any]:
    """Certificates of the ingress are the only secrets that the applier may touch."""
    return _spec(
        f"request.userInfo.username == '{applier}'",
        [_rule([""], ["secrets"])],
        ["CREATE", "UPDATE", "DELETE"],
        "request.name.endsWith('-tls')"
        " && (object == null || object.type == 'kubernetes.io/tls')"
        " && (oldObject == null || oldObject.type == 'kubernetes.io/tls')",
        "the applier writes TLS secrets only",
    )


def _applier_ways(applier: str) -> dict[str, Any]:
    """The applier reaches into pods of frozen agencies only, to take their records out."""
    phase = f"namespaceObject.metadata.labels[?'{labels.PHASE}'].orValue('')"
    frozen = f"{phase} == '{tenant.Phase.FROZEN.value}'"
    return _spec(
        f"request.userInfo.username == '{applier}'",
        [_rule([""], ["pods/portforward"])],
        ["CONNECT"],
        f"namespaceObject != null && {_OF_AGENCY.format('namespaceObject')} && {frozen}",
        "the applier forwards ports of pods of frozen agencies only",
    )


def _applier_bindings(applier: str, group_prefix: str) -> dict[str, Any]:
    """A binding gives a Role to groups of the namespace's own agency.

    Without this the applier could pass its own rights on, for they are more than an agency's.
    """
    agency = f"namespaceObject.metadata.labels['{labels.AGENCY}']"
    own = f"s.kind == 'Group' && s.name.startsWith('{group_prefix}' + {agency} + ':')"
    return _spec(
        f"request.userInfo.username == '{applier}'",
        [_rule(["rbac.authorization.k8s.io"], ["rolebindings"])],
        ["CREATE", "UPDATE"],
        # One that a hand has widened must stay writable, or it could not be put right.
        "(oldObject != null && object.roleRef == oldObject.roleRef"
        " && object.?subjects == oldObject.?subjects)"
        f" || (object.roleRef.kind == 'Role' && object.?subjects.orValue([]).all(s, {own}))",
        "the applier binds Roles to groups of the namespace's agency only",
    )


def _node_pools() -> dict[str, Any]:
    """Pods of agencies tolerate the taint of dedicated nodes in that pool's namespaces only.

    The operator's own pods, which may have to run on every node, are left alone.
    """
    pool = f"namespaceObject.metadata.labels[?'{labels.POOL}'].orValue('none')"
    # A toleration without a key tolerates every taint.
    allowed = (
        f"t.?key.orValue('') != '' && (t.key != '{labels.POOL}' || t.?value.orValue('') == {pool})"
    )
    return _spec(
        "true",
        [_rule([""], ["pods"])],
        ["CREATE", "UPDATE"],
        f"namespaceObject == null || !({_OF_AGENCY.format('namespaceObject')})"
        f" || object.spec.?tolerations.orValue([]).all(t, {allowed})",
        "dedicated nodes take pods of their own pool's namespaces only",
    )


def _rule(groups: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"apiGroups": list(groups), "apiVersions": ["*"], "resources": list(resources)}


def _spec(
    whose: str,
    rules: Sequence[dict[str, Any]],
    operations: Sequence[str],
    condition: str,
    message: str,
) -> dict[str, Any]:
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [{**rule, "operations": list(operations)} for rule in rules]
        },
        "matchConditions": [{"name": "whose", "expression": whose}],
        "validations": [{"expression": condition, "message": message}],
    }


def binding(policy: str) -> dict[str, Any]:
    """Spec of the binding that puts a policy into force everywhere."""
    return {"policyName": policy, "validationActions": ["Deny"]}

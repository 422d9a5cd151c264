"""From an item to the typed Pulumi resource that realises it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi.runtime import rpc

from onboarding import item, labels

COMPONENT = "gdcc:onboarding:"
"""Package and module of our component types."""

LAST_UPDATE = labels.PREFIX + "last-update"
"""When an object was last changed. A new value makes Pulumi write an object whose inputs are as
they were, because it is the live object that someone changed."""

LEFT = labels.PREFIX + "left"
"""Never written: names fields, with commas between, that Pulumi is to leave as they are."""

UNASKED = labels.PREFIX + "unasked"
"""Never written: a preview is not to ask the API server about the object."""

READY_WITHIN = 180
"""Seconds, where an object does not say itself how long it may take."""
_FIELD_MANAGER = "pulumi.com/patchFieldManager"
_SKIP_AWAIT = "pulumi.com/skipAwait"

_TYPES: Mapping[str, type[pulumi.CustomResource]] = {
    "Namespace": k8s.core.v1.Namespace,
    "ResourceQuota": k8s.core.v1.ResourceQuota,
    "LimitRange": k8s.core.v1.LimitRange,
    "NetworkPolicy": k8s.networking.v1.NetworkPolicy,
    "Role": k8s.rbac.v1.Role,
    "RoleBinding": k8s.rbac.v1.RoleBinding,
    "ServiceAccount": k8s.core.v1.ServiceAccount,
    "ConfigMap": k8s.core.v1.ConfigMap,
    "PersistentVolumeClaim": k8s.core.v1.PersistentVolumeClaim,
    "Deployment": k8s.apps.v1.Deployment,
    "StatefulSet": k8s.apps.v1.StatefulSet,
    "Service": k8s.core.v1.Service,
    "Ingress": k8s.networking.v1.Ingress,
    "PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
}

_ARGUMENTS: Mapping[str, str] = {
    "automountServiceAccountToken": "automount_service_account_token",
    "roleRef": "role_ref",
}
"""Fields at the top of an object whose Python argument reads differently."""

_AWAITED = frozenset({"Namespace", "Deployment", "StatefulSet"})
"""Worth waiting for. Others are done once stored; an Ingress or a claim may wait for a
controller that comes later."""


def declare(
    of: item.Item, component: pulumi.ComponentResource, after: Iterable[pulumi.Resource] = ()
) -> pulumi.CustomResource:
    """Declare the resource of an item below ``component``, to be made after ``after``."""
    metadata = of.fields["metadata"]
    annotations = {
        **metadata["annotations"],
        # A fixed name: after a lost state the same manager takes the object up again.
        _FIELD_MANAGER: labels.FIELD_MANAGER,
    }
    left = [field for field in annotations.pop(LEFT, "").split(",") if field]
    if UNASKED in annotations:
        # What is not known yet cannot be tried, so the provider leaves the server alone.
        annotations[UNASKED] = rpc.UNKNOWN
    if of.ref.kind not in _AWAITED:
        annotations[_SKIP_AWAIT] = "true"
    placed = {"name": of.ref.name}
    if of.ref.scope:
        placed["namespace"] = of.ref.scope
    arguments = {
        _ARGUMENTS.get(key, key): value
        for key, value in of.fields.items()
        if key not in ("apiVersion", "metadata")
    }
    made: pulumi.CustomResource = _type(of.ref)(
        logical_name(of.ref),
        metadata={**placed, "labels": metadata["labels"], "annotations": annotations},
        opts=pulumi.ResourceOptions(
            parent=component,
            depends_on=list(after),
            protect=of.holds_data,
            custom_timeouts=_waits(of),
            ignore_changes=left
            if LAST_UPDATE in annotations
            else [f'metadata.annotations["{LAST_UPDATE}"]', *left],
        ),
        **arguments,
    )
    return made


def _waits(of: item.Item) -> pulumi.CustomTimeouts:
    own = (of.fields.get("spec") or {}).get("progressDeadlineSeconds", READY_WITHIN)
    return pulumi.CustomTimeouts(
        create=f"{max(own, READY_WITHIN)}s",
        update=f"{max(own, READY_WITHIN)}s",
        delete=f"{READY_WITHIN}s",
    )


def logical_name(ref: item.Ref) -> str:
    """Pulumi's name of a resource; changes only when the object itself is another one."""
    return f"{ref.scope}/{ref.name}" if ref.scope else ref.name


def _type(ref: item.Ref) -> Any:
    if ref.kind == "ServiceAccount" and ref.name == "default":
        # Kubernetes makes this one itself; we own a field of it, not the object.
        return k8s.core.v1.ServiceAccountPatch
    return _TYPES[ref.kind]
